"""Folders of data in the products' own layouts, small enough for tests."""

import warnings
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import geopandas
import xarray as xr
from shapely.geometry import box

from soilscope.twin.helan import helan
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.smci import write_smci
from soilscope.twin.layouts.terraclimate import write_terraclimate

#: Two districts over all cells of the twin.
DISTRICTS = {"银川": (104.0, 38.0, 107.2, 39.6), "卫宁": (104.0, 36.4, 107.2, 38.0)}


@cache
def twin(months: int = 36, start: str = "2000-01") -> xr.Dataset:
    """Draw the twin on 11 x 11 cells, with values in every cell."""
    ds = helan(spacing=0.25, months=months, start=start)
    names = ["soil_moisture", "precipitation", "temperature", "vpd", "ndvi"]
    filled = {name: ds[name].fillna(ds[name].mean(("latitude", "longitude"))) for name in names}
    filled = {name: da.transpose(*ds[name].dims) for name, da in filled.items()}
    return ds[[]].assign(filled).drop_vars("driver", errors="ignore")


def write_smci_years(folder: Path, *, months: int = 36, layers: Sequence[int] = (0, 1)) -> None:
    """Write years of SMCI, in folders of layers."""
    write_smci(twin(months)[["soil_moisture"]].isel(depth=list(layers)), folder)


def write_all(folder: Path, *, months: int = 36) -> None:
    """Write SMCI, ERA5-Land, TerraClimate and MODIS, a GBK shapefile, and junk."""
    write_smci_years(folder / "SMCI", months=months)
    write_era5_land(twin(months), folder / "ERA5-Land")
    write_terraclimate(twin(months)[["vpd", "precipitation"]], folder / "TerraClimate")
    write_modis(twin(months), folder / "MODIS", layout="appeears_netcdf")
    (folder / "边界").mkdir()
    write_districts(folder / "边界" / "分区.shp")
    (folder / "报告.pdf").write_bytes(b"%PDF-1.4")
    (folder / "download.nc").write_bytes(b"PK\x03\x04 and more")


def write_districts(path: Path, districts: dict[str, tuple[float, ...]] = DISTRICTS) -> None:
    """Write polygons with names as GBK, without the file that says so."""
    shapes = [box(*bounds) for bounds in districts.values()]
    frame = geopandas.GeoDataFrame({"NAME": list(districts)}, geometry=shapes, crs="EPSG:4326")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame.to_file(path, engine="pyogrio", encoding="GBK")
    path.with_suffix(".cpg").unlink(missing_ok=True)
