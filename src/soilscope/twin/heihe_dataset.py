"""From the cells of the Heihe twin to labelled Datasets: names, units, grids, `synthetic`."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr
from odc.geo.geobox import GeoBox
from odc.geo.xr import xr_coords

from soilscope.grid.crs import GEOGRAPHIC, PLANAR, stamp
from soilscope.twin.heihe_cover import CROP, IGBP
from soilscope.twin.heihe_model import Land
from soilscope.twin.heihe_views import FLAGS

Array = npt.NDArray[Any]

UNITS = {
    "soil_moisture": ("m3 m-3", "liquid volumetric soil moisture, 0 to 10 cm"),
    "soil_moisture_uncertainty": ("m3 m-3", "standard uncertainty of volumetric soil moisture"),
    "lst_day": ("degC", "land surface temperature by day"),
    "lst_night": ("degC", "land surface temperature by night"),
    "ndvi": ("1", "normalised difference vegetation index"),
    "precipitation": ("mm d-1", "precipitation"),
    "temperature": ("degC", "air temperature"),
    "frozen_share": ("1", "frozen share of the soil"),
    "snow_water_equivalent": ("mm", "snow water equivalent"),
    "evapotranspiration": ("mm d-1", "evapotranspiration"),
    "potential_evapotranspiration": ("mm d-1", "potential evapotranspiration"),
    "elevation": ("m", "elevation"),
    "sand": ("%", "mass share of sand"),
    "clay": ("%", "mass share of clay"),
    "bulk_density": ("g cm-3", "bulk density of the fine earth"),
    "organic_carbon": ("g kg-1", "soil organic carbon"),
    "porosity": ("m3 m-3", "saturated water content"),
    "field_capacity": ("m3 m-3", "water content at field capacity"),
    "wilting_point": ("m3 m-3", "water content at the wilting point"),
    "residual_water_content": ("m3 m-3", "residual water content"),
    "saturated_conductivity": ("cm d-1", "saturated hydraulic conductivity"),
}
TOTAL = "volumetric soil moisture, ice included"
#: What a satellite sees of the basin: what is computed from it is not independent of it.
SEEN = ("lst_day", "lst_night", "ndvi")
MAPS = json.dumps(["Synthetic Heihe: satellite maps"])


def attrs(name: str, **more: Any) -> dict[str, Any]:
    """Attributes of a variable; all of them say that it is synthetic."""
    units, long_name = UNITS[name]
    return {"units": units, "long_name": long_name, "synthetic": 1} | more


def fine_dataset(land: Land, daily: Mapping[str, Array], days: Array, title: str) -> xr.Dataset:
    """Label what is known of every cell, and the daily values (day, cells of the basin)."""
    inside = land.place.inside
    made: dict[str, Any] = {"land_cover": (PLANAR, land.cover.code, _codes("land cover", IGBP))}
    made["land_cover"][2]["lineage"] = MAPS
    irrigated = np.where(inside, land.cover.is_(CROP), -1).astype(np.int8)
    made["irrigated"] = (PLANAR, irrigated, _codes("irrigated", {0: "no", 1: "yes"}))
    static = {"elevation": land.terrain.elevation}
    static |= {n: getattr(land.soil, n) for n in UNITS if hasattr(land.soil, n)}
    for name, values in static.items():
        kept = np.where(inside, values, np.nan).astype(np.float32)
        made[name] = (PLANAR, kept, attrs(name))
    for name, values in daily.items():
        full = np.full((len(days), *inside.shape), np.nan, dtype=np.float32)
        full[:, inside] = values
        made[name] = (("time", *PLANAR), full, attrs(name))
    for name in SEEN:
        made[name][2]["lineage"] = MAPS
    return _on_grid(made, land.place.geobox, days, title)


def coarse_dataset(
    box: GeoBox, daily: Mapping[str, Array], days: Array, title: str, *, total: bool = False
) -> xr.Dataset:
    """Label the values (day, row, column) of a coarse product; `total` means with its ice."""
    dims = ("time", *GEOGRAPHIC)
    made: dict[str, Any] = {}
    for name, values in daily.items():
        if name == "flag":
            made[name] = (dims, values, _codes("quality flag", FLAGS))
            continue
        more = {"long_name": TOTAL} if total and name == "soil_moisture" else {}
        made[name] = (dims, values.astype(np.float32), attrs(name, **more))
    return _on_grid(made, box, days, title, made_from=(title,))


def smci_dataset(
    land: Land, moisture: Array, days: Array, title: str, *, made_from: tuple[str, ...]
) -> xr.Dataset:
    """Label the 1 km product (day, cells of the basin); it was made from other products."""
    inside = land.place.inside
    full = np.full((len(days), *inside.shape), np.nan, dtype=np.float32)
    full[:, inside] = moisture
    made = {"soil_moisture": (("time", *PLANAR), full, attrs("soil_moisture", long_name=TOTAL))}
    return _on_grid(made, land.place.geobox, days, title, made_from=made_from)


def times(days: Array) -> pd.DatetimeIndex:
    """Return the dates of ordinals."""
    return pd.DatetimeIndex([pd.Timestamp.fromordinal(int(day)) for day in days])


def _on_grid(
    made: Mapping[str, Any],
    box: GeoBox,
    days: Array,
    title: str,
    *,
    made_from: tuple[str, ...] = (),
) -> xr.Dataset:
    dims = GEOGRAPHIC if box.crs is not None and box.crs.geographic else PLANAR
    coords = {name: c for name, c in xr_coords(box, dims=dims).items() if name != "spatial_ref"}
    ds = xr.Dataset(made, coords | {"time": times(days)}, {"title": title, "synthetic": 1})
    if made_from:
        for obj in (ds, *ds.data_vars.values()):
            obj.attrs["lineage"] = json.dumps(list(made_from))
    return stamp(ds, box.crs, name=title)


def _codes(long_name: str, meanings: Mapping[int, str]) -> dict[str, Any]:
    return {
        "long_name": long_name,
        "flag_values": list(meanings),
        "flag_meanings": " ".join(meanings.values()),
        "synthetic": 1,
    }
