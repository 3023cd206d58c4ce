"""Daily soil moisture written as SMCI files: years of 9 km, and folders of 1 km tiles."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.errors import InputError
from soilscope.grid.depth import layer_bounds

MISSING = -999


def write_smci(ds: xr.Dataset, folder: str | Path, *, zlib: int = 1) -> list[Path]:
    """Write `soil_moisture` as ``{d}cm/SMCI_9km_{year}_{d}cm.nc``, one file a year and layer.

    Parameters
    ----------
    ds
        `soil_moisture` (m3 m-3) on (time, depth, latitude, longitude), daily, with layers of 10 cm.
        Monthly data are held through the days of their month, and so keep their monthly means.
    folder
        Where the folders of the layers are made.
    zlib
        Level of compression, 0 to 9.

    Returns
    -------
    list of Path
        Stored as 16-bit integers of 0.001 m3 m-3, with -999 where a value is missing and no
        attribute that says so; time is the number of the day in the year, without units.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.helan import helan
    >>> twin = helan(spacing=0.25, months=36)[["soil_moisture"]].isel(depth=[0, 1])
    >>> files = write_smci(twin.isel(time=slice(0, 12)), tempfile.mkdtemp())
    >>> [file.name for file in files]
    ['SMCI_9km_2000_10cm.nc', 'SMCI_9km_2000_20cm.nc']
    """
    paths = []
    for year, bottom, layer in _years_and_layers(ds):
        path = Path(folder) / f"{bottom}cm" / f"SMCI_9km_{year}_{bottom}cm.nc"
        paths.append(_write(layer, path, zlib=zlib))
    return paths


def write_smci_tiles(
    ds: xr.Dataset, folder: str | Path, *, tile: tuple[int, int] = (8, 8), zlib: int = 1
) -> list[Path]:
    """Write `soil_moisture` as folders ``SMCI_1km_{year}_{d}cm`` of spatial tiles.

    Parameters
    ----------
    ds, folder, zlib
        As in `write_smci`.
    tile
        Rows and columns of a tile; the last ones may be smaller.

    Returns
    -------
    list of Path
        The folders, each with files ``{row}_{column}.nc``.
    """
    folders = []
    for year, bottom, layer in _years_and_layers(ds):
        home = Path(folder) / f"SMCI_1km_{year}_{bottom}cm"
        for row in range(0, layer.sizes["latitude"], tile[0]):
            for column in range(0, layer.sizes["longitude"], tile[1]):
                part = layer.isel(
                    latitude=slice(row, row + tile[0]), longitude=slice(column, column + tile[1])
                )
                _write(part, home / f"{row // tile[0]}_{column // tile[1]}.nc", zlib=zlib)
        folders.append(home)
    return folders


def _years_and_layers(ds: xr.Dataset) -> Iterator[tuple[int, int, xr.DataArray]]:
    """Yield year, bottom of the layer in cm, and the daily values."""
    bounds = np.rint(layer_bounds(ds, name="ds") * 100).astype(int)
    if (bounds[:, 1] - bounds[:, 0] != 10).any() or (bounds[:, 1] % 10).any():
        raise InputError("ds must have layers of 10 cm, 0-10 to 90-100 cm, as SMCI has.")
    moisture = ds["soil_moisture"].transpose("time", "depth", "latitude", "longitude")
    for year in np.unique(moisture["time"].dt.year.values):
        part = moisture.sel(time=str(year))
        days = np.arange(f"{year}-01-01", f"{year + 1}-01-01", dtype="datetime64[D]")
        if part.sizes["time"] < days.size:
            part = part.reindex(time=days.astype("datetime64[ns]"), method="ffill")
        for number, bottom in enumerate(bounds[:, 1]):
            yield int(year), int(bottom), part.isel(depth=number)


def _write(layer: xr.DataArray, path: Path, *, zlib: int) -> Path:
    stored: npt.NDArray[Any] = np.rint(layer.values * 1000.0)
    stored = np.where(np.isnan(stored), MISSING, stored).astype(np.int16)
    out = xr.Dataset(
        {"SMCI": (("time", "lat", "lon"), stored, {"units": "0.001 m3/m3"})},
        {
            "time": ("time", np.arange(1, layer.sizes["time"] + 1)),
            "lat": ("lat", layer["latitude"].values),
            "lon": ("lon", layer["longitude"].values),
        },
        {"title": "SMCI layout, written from synthetic data", "synthetic": 1},
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    packing: dict[str, Any] = {"compression": "gzip", "compression_opts": zlib} if zlib else {}
    packing["chunksizes"] = (1, layer.sizes["latitude"], layer.sizes["longitude"])
    out.to_netcdf(path, engine="h5netcdf", encoding={"SMCI": packing | {"_FillValue": None}})
    return path
