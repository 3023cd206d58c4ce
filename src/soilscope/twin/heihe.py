"""A synthetic twin of the Heihe basin: a daily truth at 1 km, and what coarse products see."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.twin.heihe_bucket import DEPTH
from soilscope.twin.heihe_dataset import coarse_dataset, fine_dataset, smci_dataset
from soilscope.twin.heihe_learned import learned_moisture
from soilscope.twin.heihe_model import Land, Moment, days_of, land_of, seen_skin
from soilscope.twin.heihe_place import SIZE, place
from soilscope.twin.heihe_planted import planted_days, require_planted
from soilscope.twin.heihe_views import Coarse, all_weather, coarse, microwave, reanalysis

Array = npt.NDArray[Any]
TITLE = "Synthetic Heihe"


@dataclass(frozen=True)
class Heihe:
    """The twin: a truth on a fine grid, and the products that see it."""

    fine: xr.Dataset
    reanalysis: xr.Dataset
    cci: xr.Dataset
    smops: xr.Dataset
    smci: xr.Dataset


def heihe(
    *,
    size: tuple[int, int] = (140, 122),
    days: int = 366,
    seed: int = 0,
    start: str = "2020-01-01",
    resolution: float = 1000.0,
    reanalysis_spacing: float = 0.1,
    satellite_spacing: float = 0.25,
    middle: tuple[float, float] | None = None,
    planted: Mapping[str, str] | None = None,
) -> Heihe:
    """Draw a synthetic twin of the Heihe basin: daily soil moisture, its drivers, coarse views.

    Soil moisture is that of a bucket of 10 cm under snow, surface temperature that of an energy
    balance with noise that grows with cloud; no line between the two is planted, and under forest
    surface temperature does not depend on moisture at all. `size` (560, 490) at 1000 m is the
    whole basin, less is a part of it. All of it is held in memory: take `heihe_blocks` for a year
    of the whole basin.

    Parameters
    ----------
    size
        Rows and columns of the fine grid.
    days
        Number of days.
    seed
        Seed of everything that is drawn; a day's weather depends on it and on the date alone.
    start
        First day.
    resolution
        Width of a fine cell in m.
    reanalysis_spacing, satellite_spacing
        Width of the cells of the coarse products in degrees.
    middle
        Degrees east and north of the middle of the grid. Without it, that of the basin for a grid
        at least half as tall, else Zhangye, where mountains, forest, oasis and desert meet.
    planted
        A map for each of winter, spring, summer and autumn ("precipitation", that of the month, or
        one of the soil) that makes 60 % of the variance in space of the soil's water on each of its
        days; the rest, and all that is not seen of moisture, stays the model's own.

    Returns
    -------
    Heihe
        `fine`: the truth on (time, y, x), Albers equal area, NaN outside the basin:
        `soil_moisture` (liquid, m3 m-3; NaN in water and ice), `lst_day`, `lst_night` (degC, with
        noise), `ndvi`, `precipitation`, `evapotranspiration`, `potential_evapotranspiration` (mm
        d-1), `temperature` (degC), `frozen_share`, `snow_water_equivalent` (mm); and on (y, x)
        `elevation` (m), `land_cover` (IGBP), `irrigated`, texture and hydraulic limits of the
        soil. `reanalysis`: `soil_moisture` (with its ice), `lst_day`, `lst_night`. `cci`:
        `soil_moisture` in swaths and without frozen days, `soil_moisture_uncertainty`, `flag`.
        `smops`: `soil_moisture` on all days. `smci`: `soil_moisture` on the fine grid, which
        shares half of the reanalysis' errors.

    Raises
    ------
    InputError
        If `size`, `days` or a width is too small, `start` is no date, a season has no map, or the
        grid lies outside the basin.

    References
    ----------
    The basin and the products: Soil moisture of the Heihe basin, Remote Sens. 15, 5768 (2023),
    https://doi.org/10.3390/rs15245768.

    Examples
    --------
    >>> from soilscope.twin.heihe import heihe
    >>> twin = heihe(size=(60, 50), days=2, start="2020-07-01")
    >>> dict(twin.fine.soil_moisture.sizes)
    {'time': 2, 'y': 60, 'x': 50}
    >>> sorted(twin.cci.data_vars)
    ['flag', 'soil_moisture', 'soil_moisture_uncertainty']
    """
    blocks = heihe_blocks(
        size=size,
        days=days,
        seed=seed,
        start=start,
        resolution=resolution,
        reanalysis_spacing=reanalysis_spacing,
        satellite_spacing=satellite_spacing,
        middle=middle,
        planted=planted,
        block=days,
    )
    return next(blocks)


def heihe_blocks(
    *,
    size: tuple[int, int] = SIZE,
    days: int = 366,
    seed: int = 0,
    start: str = "2020-01-01",
    resolution: float = 1000.0,
    reanalysis_spacing: float = 0.1,
    satellite_spacing: float = 0.25,
    middle: tuple[float, float] | None = None,
    planted: Mapping[str, str] | None = None,
    block: int = 16,
) -> Iterator[Heihe]:
    """Draw the twin by blocks of `block` days, so that memory stays that of a block.

    The days are the same, to the last bit, whatever the size of a block: weather and noise belong
    to their date, and the water and heat of the soil are carried from block to block.

    Parameters
    ----------
    size, days, seed, start, resolution, reanalysis_spacing, satellite_spacing, middle, planted
        As in `heihe`.
    block
        Days in a block.

    Yields
    ------
    Heihe
        As `heihe` returns it, for the days of a block; what does not change comes with each.

    Examples
    --------
    >>> from soilscope.twin.heihe import heihe_blocks
    >>> blocks = heihe_blocks(size=(60, 50), days=5, start="2020-07-01", block=3)
    >>> [twin.fine.sizes["time"] for twin in blocks]
    [3, 2]
    """
    first = _first_day(start)
    _require(size, days, block, (resolution, reanalysis_spacing, satellite_spacing))
    if planted is not None:
        require_planted(planted)
    where = place(size=size, resolution=resolution, middle=middle)
    if not where.inside.any():
        raise InputError(f"the grid around {middle} lies outside the Heihe basin.")
    land = land_of(where, seed=seed, of_rock=planted is not None)
    if planted is None:
        moments = days_of(land, first=first, number=days)
    else:
        moments = planted_days(land, planted, first=first, number=days)
    views = _views(land, reanalysis_spacing, satellite_spacing)
    for done in range(0, days, block):
        part = [next(moments) for _ in range(min(block, days - done))]
        yield _block(land, part, views, seed)


def _first_day(start: str) -> int:
    try:
        return date.fromisoformat(start).toordinal()
    except ValueError:
        raise InputError(f"start is {start!r}; write a day, as in '2020-01-01'.") from None


def _require(
    size: tuple[int, int], days: int, block: int, widths: tuple[float, float, float]
) -> None:
    if min(size) < 30:
        raise InputError(f"size is {size}; it must be at least 30 rows and 30 columns.")
    if min(days, block) < 1:
        raise InputError(f"days is {days} and block is {block}; both must be at least 1.")
    if min(widths) <= 0.0:
        raise InputError("resolution, reanalysis_spacing and satellite_spacing must be above 0.")


@dataclass(frozen=True)
class _Views:
    reanalysis: Coarse  # over soil
    skin: Coarse  # the same grid, over all cells
    satellite: Coarse


def _views(land: Land, reanalysis_spacing: float, satellite_spacing: float) -> _Views:
    everywhere = np.ones_like(land.bare)
    where = land.place
    return _Views(
        coarse(where, spacing=reanalysis_spacing, centred=True, counts=land.bare),
        coarse(where, spacing=reanalysis_spacing, centred=True, counts=everywhere),
        coarse(where, spacing=satellite_spacing, centred=False, counts=land.bare),
    )


def _block(land: Land, moments: list[Moment], views: _Views, seed: int) -> Heihe:
    days = np.array([moment.wet.day for moment in moments])
    daily = _daily(land, moments, seed)
    total = np.stack([moment.wet.state.water for moment in moments]) / np.float32(DEPTH)
    total[:, ~land.bare] = np.nan
    liquid, frozen = daily["soil_moisture"], daily["frozen_share"]
    skin = tuple(np.stack([moment.skin[k] for moment in moments]) for k in (0, 1))
    model = reanalysis(
        views.reanalysis,
        views.skin,
        total,
        (skin[0], skin[1]),
        days=days,
        seed=seed,
    )
    swaths = microwave(
        views.satellite,
        liquid,
        frozen=frozen,
        snow=daily["snow_water_equivalent"],
        ndvi=daily["ndvi"],
        days=days,
        seed=seed,
    )
    weather = all_weather(views.satellite, liquid, days=days, seed=seed)
    era = coarse_dataset(views.reanalysis.geobox, model, days, f"{TITLE}: reanalysis", total=True)
    learned = learned_moisture(land.place, total, era.soil_moisture, days=days, seed=seed)
    box = views.satellite.geobox
    return Heihe(
        fine_dataset(land, daily, days, f"{TITLE}: truth, seed {seed}"),
        era,
        coarse_dataset(box, swaths, days, f"{TITLE}: microwave product"),
        coarse_dataset(box, weather, days, f"{TITLE}: all-weather microwave product"),
        smci_dataset(
            land,
            learned,
            days,
            f"{TITLE}: learned 1 km product",
            made_from=(f"{TITLE}: learned 1 km product", era.attrs["title"]),
        ),
    )


def _daily(land: Land, moments: list[Moment], seed: int) -> dict[str, Array]:
    """Daily variables of the fine grid (day, cells of the basin)."""
    seen = [seen_skin(moment, seed) for moment in moments]
    moisture = np.stack([moment.moisture for moment in moments])
    moisture[:, ~land.bare] = np.nan
    return {
        "soil_moisture": moisture,
        "lst_day": np.stack([skin[0] for skin in seen]),
        "lst_night": np.stack([skin[1] for skin in seen]),
        "ndvi": np.stack([moment.wet.ndvi for moment in moments]),
        "precipitation": np.stack([moment.wet.weather.precipitation for moment in moments]),
        "temperature": np.stack([moment.wet.weather.temperature for moment in moments]),
        "frozen_share": np.stack([moment.frozen for moment in moments]),
        "snow_water_equivalent": np.stack([moment.wet.state.snow for moment in moments]),
        "evapotranspiration": np.stack([m.wet.fluxes.evapotranspiration for m in moments]),
        "potential_evapotranspiration": np.stack([m.wet.fluxes.potential for m in moments]),
    }
