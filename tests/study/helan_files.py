"""The twin of the oasis, written as the files that paper A was made from."""

import warnings
from pathlib import Path

import geopandas
import xarray as xr
from rasterio.features import shapes
from shapely.geometry import shape

from soilscope.grid.crs import geobox_of
from soilscope.twin.helan import helan
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.smci import write_smci_tiles
from soilscope.twin.layouts.terraclimate import write_terraclimate

#: Names of the twin's zones.
DISTRICTS = ["卫宁平原", "银川平原南部", "银川平原北部"]


def write_helan_files(folder: Path, *, spacing: float = 0.25, months: int = 120) -> None:
    """Write SMCI, ERA5-Land, TerraClimate, MODIS and a boundary in GBK, each in its own layout."""
    twin = helan(spacing=spacing, months=months)
    write_smci_tiles(twin, folder, tile=(16, 16))
    coarse = twin[["soil_moisture", "temperature", "precipitation", "vpd"]]
    for dim in ("longitude", "latitude"):  # the products know no boundary of an oasis
        coarse = coarse.interpolate_na(dim, method="nearest", fill_value="extrapolate")
    coarse = coarse.isel(latitude=slice(None, None, 2), longitude=slice(None, None, 2))
    write_era5_land(coarse[["soil_moisture", "temperature", "precipitation"]], folder / "ERA5-Land")
    write_terraclimate(coarse[["vpd"]], folder / "TerraClimate")
    write_modis(twin, folder / "MOD13A2", cloud_share=0.05)
    write_districts(folder / "districts.shp", twin.zone)


def write_districts(path: Path, zone: xr.DataArray) -> None:
    """Write the twin's zones as a shapefile in GBK that does not say so."""
    box = geobox_of(zone)
    found = [
        (shape(polygon), int(code))
        for polygon, code in shapes(zone.values.astype("i2"), transform=box.affine)
        if code >= 0
    ]
    frame = geopandas.GeoDataFrame(
        {"NAME": [DISTRICTS[code] for _, code in found]},
        geometry=[polygon for polygon, _ in found],
        crs="EPSG:4326",
    ).sort_values("NAME")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL has something to say about Chinese names
        frame.to_file(path, engine="pyogrio", encoding="GBK")
    path.with_suffix(".cpg").unlink()
