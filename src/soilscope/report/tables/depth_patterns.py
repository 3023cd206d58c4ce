"""Table of depth patterns, and what changes along the depth in words."""

from typing import Any

import pandas as pd
import xarray as xr

from soilscope.report.drivers import circular_note, driver_labels
from soilscope.report.reading import Study, place_names
from soilscope.report.tables.table import Table, p_value, share, three, two
from soilscope.report.words import file_stem, flags, sentences


def patterns(study: Study, name: str) -> Table:
    """List state, tendency and effects of each region and layer."""
    ds = study.data(name).load()
    shares = [v for v in ("deficit_share", "surplus_share", "drying_share", "wetting_share")
              if v in ds]  # fmt: skip
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(study.layers(ds)):
            one = ds.isel(region=i, depth=j)
            row: dict[str, Any] = {"region": place, "layer": layer}
            row |= {"state": _word(one["state"]), "state_mean": float(one["state_mean"])}
            row |= {"tendency": _word(one["tendency"])}
            row |= {
                v: float(one[v]) for v in ("slope", "p_value", "mean_slope", *shares) if v in one
            }
            for k, driver in enumerate(driver_labels(ds) if "effect" in ds else []):
                row[driver] = _word(one["effect"].isel(driver=k))
                row[f"{driver} (mean)"] = float(one["effect_mean"].isel(driver=k))
            rows.append(row)
    data = pd.DataFrame(rows)
    means = [c for c in data.columns if c.endswith("(mean)")]
    return Table(
        file_stem("depth-patterns", name), name, "depth", f"State, tendency and drivers ({name})",
        "Shares are of the area; the slope is that of the regional mean series, the mean slope "
        "that of the cells. Shares of drying and wetting cells are by the p of each cell, before "
        + sentences("the false discovery rate.", circular_note(ds) if "effect" in ds else ""),
        data,
        {"state_mean": "mean index", "p_value": "p", "mean_slope": "mean of slopes",
         "deficit_share": "in deficit", "surplus_share": "in surplus", "drying_share": "drying",
         "wetting_share": "wetting"} | dict.fromkeys(means, "mean"),
        {"state_mean": two, "slope": three, "mean_slope": three, "p_value": p_value}
        | dict.fromkeys(shares, share) | dict.fromkeys(means, two),
    )  # fmt: skip


def pattern_strings(study: Study, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each region with what changes along its depth: (region, [(what, pattern), ...])."""
    ds = study.data(name).load()
    said = []
    for i, place in enumerate(place_names(ds)):
        one = ds.isel(region=i)
        lines = [
            (word, str(one[v].item()))
            for word, v in (("state", "state_pattern"), ("tendency", "tendency_pattern"))
            if v in one
        ]
        if "effect_pattern" in one:
            texts = one["effect_pattern"].values
            lines += [(d, str(t)) for d, t in zip(driver_labels(ds), texts, strict=True)]
        said.append((place, [(word, text.replace("->", "\u2192")) for word, text in lines]))
    return said


def _word(code: xr.DataArray) -> str:
    return flags(code).get(int(code), "")
