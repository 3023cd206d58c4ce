"""ERA5-Land, ERA5 and ERA-Interim as products: files that are laid out alike, and their traps."""

from soilscope.lineage import made_from
from soilscope.sources.era5_land import UNITS, VARIABLES, open_era5, open_era5_land
from soilscope.sources.product import Product

ERA5_LAND = Product(
    open_era5_land,
    "land reanalysis at 0.1 degrees since 1950, four soil layers down to 2.89 m",
    "NetCDF or Zarr as the Climate Data Store gives it: coordinate time (until 2024) or "
    "valid_time, one file for all variables or one each",
    (
        "precipitation of monthly means is a mean of daily totals (m d-1, though the file says "
        "m); hourly, it grows from 00 UTC on: the total of a day is the value at 00 UTC of the "
        "next. Sums and de-accumulated hours (ARCO, Earth Engine): accumulation: step",
        "hourly files with precipitation become daily; download the first hour after the "
        "period, too",
        "the latest three months or so are preliminary (ERA5T): see the coordinate "
        "expver_status, and the warning",
        "soil moisture includes ice",
        "a download may be a zip archive under the name .nc: unpack it; convert GRIB to NetCDF",
    ),
    variables=VARIABLES,
    ancestors=made_from("era5_land"),
    origin="ECMWF / Copernicus Climate Data Store, doi:10.24381/cds.68d2bb30 (monthly), "
    "doi:10.24381/cds.e2161bac (hourly), doi:10.5194/essd-13-4349-2021",
    names=r"(?i)era5[-_]?land",
    units=UNITS,
    options=("accumulation",),
)

ERA5 = Product(
    open_era5,
    "atmospheric reanalysis at 0.25 degrees since 1940, the same four soil layers",
    "as era5_land",
    (
        "precipitation of monthly means is a mean of daily totals (m d-1), hourly the sum of "
        "the hour that ends at the stamp; hourly files with precipitation become daily",
        "packed files hold small negative soil moisture over the sea: mask it, or set valid",
        "the latest three months or so are preliminary (ERA5T)",
    ),
    variables=VARIABLES,
    origin="ECMWF / Copernicus Climate Data Store, doi:10.24381/cds.f17050d7 (monthly), "
    "doi:10.24381/cds.adbb2d47 (hourly), doi:10.1002/qj.3803",
    names=r"(?i)era5(?![-_]?land)",
    units=UNITS,
    options=("accumulation",),
)

ERA_INTERIM = Product(
    open_era5,
    "the reanalysis before ERA5, at 0.75 degrees, 1979 to August 2019",
    "as era5_land",
    (
        "superseded by ERA5, and no longer extended",
        "precipitation of forecasts is summed from 00 or 12 UTC on: make daily sums of it "
        "first, and open them as raster",
    ),
    variables=tuple(v for v in VARIABLES if v.name != "precipitation"),
    origin="ECMWF, doi:10.1002/qj.828",
    names=r"(?i)era[-_]?int",
    units=UNITS,
)
