"""Two products against each other: density of pairs, 1:1 line and measures, by layer."""

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import xarray as xr

from soilscope.report.figures.density import density, pairs_of
from soilscope.report.lineage import product_behind
from soilscope.report.plates import Plate
from soilscope.report.reading import Study, as_places, place_names
from soilscope.report.seen import at_layer
from soilscope.report.words import MONTHS, decimals, file_stem, number, unit_text, with_unit

NOTE = (
    "Every panel has its own axes. Black line: 1:1; broken: least squares. The outer bins hold "
    "what lies beyond. NSE: Nash-Sutcliffe efficiency; bias: {} minus {}."
)


def _measures(one: xr.Dataset) -> tuple[str, ...]:
    if not np.isfinite(float(one["r_squared"])):
        return (f"n {int(one['n_obs']):,}",)
    return (
        f"r² {decimals(float(one['r_squared']), 2)}, NSE {decimals(float(one['nse']), 2)}",
        f"RMSE {number(float(one['rmse']), 2)}, bias {number(float(one['bias']), 2)}",
        f"n {int(one['n_obs']):,}",
    )


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for each region of a pooled agreement."""
    if "pair_density" not in study.data(name):
        return
    ds, layers = panels_of(study, study.data(name))
    dim = "region" if "region" in ds.dims else "site"
    names = names_of(study, name)
    dependent = str(ds.attrs.get("dependent", ""))
    units = ds["rmse"].attrs.get("units")
    days = "time" in study.data(name).dims
    pooled = "each day by itself" if days else "all times together"
    mixed = "" if days else "; a pooled r mixes differences between places, season and anomaly"
    sample = study.records[name].options.get("sample")
    cells = f"at most {sample:,} randomly drawn cells" if sample else "all cells"
    pairs = f"{cells}, {pooled}"
    places = place_names(ds)
    for k, place in enumerate(places):
        one = ds.isel({dim: k})
        where = "" if len(places) == 1 else f" in {place}"
        title = f"Soil moisture: {names[0]} against {names[1]}{where} ({name})"
        seen = _seen(one, layers, units, names)
        yield Plate(
            key=file_stem("agreement", name, *([] if len(places) == 1 else [str(k + 1)])),
            title=title,
            seen=seen + (f" The two are not independent: {dependent}." if dependent else ""),
            how=f"Density of the pairs of {pairs}; NSE is not r²{mixed}.",
            alt=f"Density of pairs with the 1:1 line. {seen}",
            draw=partial(
                density,
                [pairs_of(one.isel(depth=j), [layer, _measures], edges="pair_edge",
                          counts=("pair_density", "product_bin", "reference_bin"))
                 for j, layer in enumerate(layers)],
                labels=(with_unit(names[1], units), with_unit(names[0], units)), what="pairs",
                title=title, note=NOTE.format(*names), frame=study.frame,
                alarm=f"Not independent: {dependent}. Their agreement is no proof of either."
                if dependent else "",
                subtitle=f"Pairs of {pairs}{where}.",
            ),
        )  # fmt: skip


def panels_of(study: Study, ds: xr.Dataset) -> tuple[xr.Dataset, list[str]]:
    """Return an agreement with a panel for each layer, or each day and layer, along `depth`."""
    layers = study.layers(ds)
    if "time" not in ds.dims:
        return as_places(ds).load(), layers
    days = [f"{d.day} {MONTHS[d.month - 1]} {d.year}" for d in ds["time"].to_index()]
    names = [f"{day}, {layer}" if layer else day for day in days for layer in layers]
    if "depth" in ds.dims:
        ds = ds.stack(panel=("time", "depth"), create_index=False).drop_vars(["time", "depth"])
    else:
        ds = ds.rename_dims(time="panel").drop_vars("time")
    return as_places(ds.rename_dims(panel="depth")).load(), names


def names_of(study: Study, name: str) -> tuple[str, str]:
    """Names of product and reference: of their products where these differ, else of the study."""
    inputs = study.records[name].inputs
    given = [str(inputs.get(role)) for role in ("product", "reference")]
    behind = [product_behind(study, one) for one in given]
    if behind[0] == behind[1]:
        behind = ["", ""]
    product, reference = (
        title or one.removesuffix(".soil_moisture").replace("_", " ")
        for title, one in zip(behind, given, strict=True)
    )
    return product, reference


def _seen(ds: xr.Dataset, layers: Sequence[str], units: str | None, names: tuple[str, str]) -> str:
    """Say the range of r², where it is highest, and the RMSE and bias there."""
    r = ds["r_squared"].values
    if not np.isfinite(r).any():
        return "No layer has enough pairs."
    k = int(np.nanargmax(r))
    bias = float(ds["bias"].values[k])
    side = "wetter" if bias > 0 else "drier"
    best = f"r² is {decimals(float(r[k]), 2)}"
    if len(layers) > 1:
        lowest = decimals(float(np.nanmin(r)), 2)
        best = f"r² is {lowest} to {decimals(float(r[k]), 2)}, highest{at_layer(layers[k])}"
    return (
        f"{best}, with a NSE of {decimals(float(ds['nse'].values[k]), 2)} and a RMSE of "
        f"{number(float(ds['rmse'].values[k]), 2)} {unit_text(units)}; {names[0]} is "
        f"{number(abs(bias), 2)} {unit_text(units)} {side} than {names[1]} "
        f"(n = {int(ds['n_obs'].values[k]):,})."
    )
