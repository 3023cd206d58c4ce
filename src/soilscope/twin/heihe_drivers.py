"""What drives soil moisture in the Heihe twin, season by season: each cause is switched off."""

from collections.abc import Sequence
from dataclasses import fields, replace
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.twin.heihe_bucket import liquid_moisture
from soilscope.twin.heihe_model import Land, land_of, waters_of
from soilscope.twin.heihe_place import place
from soilscope.twin.heihe_soil import Soil

Array = npt.NDArray[Any]

DRIVERS = ("rain", "warmth", "soil", "vegetation", "irrigation", "seepage", "aspect")
SEASONS = ("winter", "spring", "summer", "autumn")


def heihe_drivers(
    *,
    size: tuple[int, int] = (56, 49),
    resolution: float = 10_000.0,
    year: int = 2020,
    seed: int = 0,
) -> xr.Dataset:
    """Effect of each cause of soil moisture in the Heihe twin, by season: a table of the truth.

    The water balance is run once as it is, and once for each cause with its map replaced by its
    mean over the basin (`irrigation` and `seepage`: by none). The effect is how much that changes
    the seasonal means. It is a fact about the model, not an estimate from its data.

    Parameters
    ----------
    size, resolution, seed
        As in `heihe`; the whole basin in cells of 10 km unless said otherwise.
    year
        Year whose seasons are compared; winter is January, February and December.

    Returns
    -------
    xarray.Dataset
        `true_effect` (season, driver; m3 m-3): root mean square change of the seasonal mean over
        the cells with soil. Exactly 0 for `aspect`, which enters surface temperature alone.
        `true_spread` (season): standard deviation of the seasonal mean over the cells.

    Raises
    ------
    InputError
        If `year` is not between 1900 and 2100.

    Examples
    --------
    >>> from soilscope.twin.heihe_drivers import heihe_drivers
    >>> table = heihe_drivers(size=(30, 30), resolution=15_000.0)
    >>> float(table.true_effect.sel(driver="aspect").max())
    0.0
    """
    if not 1900 <= year <= 2100:
        raise InputError(f"year is {year}; it must be between 1900 and 2100.")
    land = land_of(place(size=size, resolution=resolution), seed=seed)
    whole, *without = _seasons([land, *(switched_off(land, d) for d in DRIVERS)], year)
    effect = np.sqrt(np.mean((np.stack(without, axis=1) - whole[:, np.newaxis]) ** 2, axis=2))
    units = {"units": "m3 m-3", "synthetic": 1}
    return xr.Dataset(
        {
            "true_effect": (
                ("season", "driver"),
                effect,
                {"long_name": "change of soil moisture without the driver"} | units,
            ),
            "true_spread": (
                "season",
                whole.std(axis=1),
                {"long_name": "standard deviation of soil moisture in space"} | units,
            ),
        },
        {
            "season": np.array(SEASONS, dtype=object),
            "driver": np.array(DRIVERS, dtype=object),
        },
        {"title": "Synthetic Heihe: what drives it", "synthetic": 1},
    )


def switched_off(land: Land, driver: str) -> Land:
    """Return the same land without the differences that a driver makes."""
    if driver == "rain":
        return replace(land, climate=_even(land.climate, ("annual_rain",)))
    if driver == "warmth":
        return replace(land, climate=_even(land.climate, ("elevation", "latitude")))
    if driver == "soil":
        return replace(land, cell_soil=_even(land.cell_soil, tuple(f.name for f in fields(Soil))))
    if driver == "vegetation":
        cover = _even(land.cell_cover, ("low", "peak", "rise", "fall"))
        return replace(land, cell_cover=cover)
    if driver == "irrigation":
        dry = np.zeros_like(land.irrigation.field)
        return replace(land, irrigation=replace(land.irrigation, field=dry))
    if driver == "seepage":
        dry = np.zeros_like(land.seepage.forest)
        return replace(land, seepage=replace(land.seepage, forest=dry))
    flat = _even(land.surface, ("slope", "northness", "eastness"))
    return replace(land, surface=flat)


def _even(obj: Any, names: tuple[str, ...]) -> Any:
    """Return a copy with these fields replaced by their means."""
    maps = {name: getattr(obj, name) for name in names}
    return replace(obj, **{n: np.full_like(v, v.mean(dtype=np.float64)) for n, v in maps.items()})


def _seasons(lands: Sequence[Land], year: int) -> Array:
    """Seasonal means (land, season, cells with soil) of liquid moisture."""
    first = date(year, 1, 1).toordinal()
    number = date(year + 1, 1, 1).toordinal() - first
    bare = lands[0].bare
    sums = np.zeros((len(lands), len(SEASONS), int(bare.sum())))
    days = np.zeros(len(SEASONS))
    for wets in waters_of(lands, first=first, number=number):
        season = date.fromordinal(wets[0].day).month % 12 // 3
        days[season] += 1
        for i, wet in enumerate(wets):
            sums[i, season] += liquid_moisture(wet.state)[bare]
    return np.asarray(sums / days[:, np.newaxis])
