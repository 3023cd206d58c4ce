"""Table of the agreement of two products, with intervals where they were asked for."""

import pandas as pd

from soilscope.report.figures.agreement_density import names_of, panels_of
from soilscope.report.reading import Study, grid_dims, place_dim, place_names
from soilscope.report.tables.table import Table, count, three, two
from soilscope.report.words import STATUS, file_stem, flags, percent, sentences, with_unit

_TWO = ("r", "r_squared", "nse", "kge", "spearman", "r_space", "r_time", "r_anomaly")
_UNITS = ("bias", "rmse", "ubrmse")
_SHOWN = ("r_squared", "r_squared_low", "r_squared_high", "nse", "r_anomaly", "rmse", "rmse_low",
          "rmse_high", "bias")  # fmt: skip


def agreements(study: Study, name: str) -> Table | None:
    """List the measures of each place and layer; single numbers only, no maps."""
    ds = study.data(name)
    if grid_dims(ds) is not None:
        return None
    panel = "day" if "time" in ds.dims else "layer"
    ds, layers = panels_of(study, ds)
    dim = str(place_dim(ds))
    measures = [v for v in (*_TWO, *_UNITS) if v in ds]
    columns = [c for v in measures for c in (v, f"{v}_low", f"{v}_high") if c in ds]
    words = flags(ds["status"]) if "status" in ds else {}
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(layers):
            one = ds.isel({dim: i, "depth": j})
            row: dict[str, str | float] = {} if ds.sizes[dim] == 1 else {dim: place}
            row |= ({panel: layer} if layer else {}) | {
                c: float(one[c]) for c in columns if one[c].ndim == 0
            }
            row["n"] = float(one["n_obs"])
            word = words.get(int(one["status"]), "ok").replace(" ", "_") if words else "ok"
            rows.append(row | {"status": STATUS.get(word) or word})
    units = ds["rmse"].attrs.get("units") if "rmse" in ds else None
    level = study.records[name].options.get("confidence")
    product, reference = names_of(study, name)
    dependent = str(ds.attrs.get("dependent", ""))
    heads = {"r_squared": "r²", "nse": "NSE", "kge": "KGE", "rmse": with_unit("RMSE", units),
             "ubrmse": "ubRMSE"}  # fmt: skip
    heads |= {f"{v}_{end}": word for v in measures for end, word in (("low", "from"),
                                                                     ("high", "to"))}  # fmt: skip
    return Table(
        file_stem("agreement", name), name, "agreement",
        f"Agreement of {product} with {reference} ({name})",
        sentences(
            f"Bias: {product} minus {reference}.",
            "The CSV holds all measures.",
            f"From and to: {percent(float(level))} interval of a moving-block bootstrap."
            if level else "",
            f"Not independent: {dependent}." if dependent else "",
        ),
        pd.DataFrame(rows),
        heads,
        {c: two if c.rsplit("_low")[0].rsplit("_high")[0] in _TWO else three for c in columns}
        | {"n": count},
        aside=[c for c in columns if c not in _SHOWN],
    )  # fmt: skip
