"""The Heihe twin as a study names it: one of its views at a time, drawn once for all of them."""

from functools import lru_cache
from typing import Literal

import xarray as xr

from soilscope.twin.heihe import Heihe, heihe

View = Literal["fine", "reanalysis", "cci", "smops", "smci"]


def heihe_twin(
    *,
    view: View = "fine",
    rows: int = 140,
    columns: int = 122,
    days: int = 366,
    start: str = "2020-01-01",
    seed: int = 0,
) -> xr.Dataset:
    """One view of a synthetic Heihe basin: the fine truth, or what a coarse product sees of it.

    Parameters
    ----------
    view
        "fine" (truth, surface temperature and drivers on 1 km), "reanalysis" (0.1 degree), "cci"
        and "smops" (microwave, 0.25 degree), or "smci" (1 km, learned).
    rows, columns
        Size of the fine grid.
    days, start
        Number of days, and the first of them.
    seed
        Seed of everything that is drawn: views of one seed are views of one world.

    Returns
    -------
    xr.Dataset
        As `heihe` returns it.

    Examples
    --------
    >>> from soilscope.twin.heihe_product import heihe_twin
    >>> sorted(heihe_twin(view="reanalysis", rows=60, columns=50, days=2).data_vars)
    ['lst_day', 'lst_night', 'soil_moisture']
    """
    drawn: xr.Dataset = getattr(_drawn((rows, columns), days, start, seed), view)
    return drawn.copy(deep=False)


@lru_cache(maxsize=1)
def _drawn(size: tuple[int, int], days: int, start: str, seed: int) -> Heihe:
    return heihe(size=size, days=days, start=start, seed=seed)
