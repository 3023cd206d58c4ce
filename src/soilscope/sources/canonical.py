"""Our variables: units, plausible range, and what a value outside that range usually means."""

from dataclasses import dataclass
from typing import Literal

#: "state": a value at a time; "flux": a sum over the time step; "class": integer codes.
Kind = Literal["state", "flux", "class"]


@dataclass(frozen=True)
class Canonical:
    """Units, plausible range (in these units) and kind of one of our variables."""

    long_name: str
    units: str
    low: float
    high: float
    kind: Kind = "state"
    standard_name: str | None = None


#: Units of a flux on a monthly, and on any finer time axis.
MONTHLY_FLUX = "mm month-1"
DAILY_FLUX = "mm d-1"

CANONICAL = {
    "soil_moisture": Canonical(
        "volumetric soil moisture",
        "m3 m-3",
        0.0,
        1.0,
        standard_name="volume_fraction_of_condensed_water_in_soil",
    ),
    "soil_moisture_uncertainty": Canonical(
        "standard uncertainty of volumetric soil moisture", "m3 m-3", 0.0, 1.0
    ),
    "precipitation": Canonical("precipitation", MONTHLY_FLUX, 0.0, 3000.0, "flux"),
    "evapotranspiration": Canonical("evapotranspiration", MONTHLY_FLUX, -100.0, 600.0, "flux"),
    "potential_evapotranspiration": Canonical(
        "potential evapotranspiration", MONTHLY_FLUX, -100.0, 1000.0, "flux"
    ),
    "temperature": Canonical(
        "air temperature", "degC", -90.0, 60.0, standard_name="air_temperature"
    ),
    "temperature_max": Canonical("daily maximum air temperature", "degC", -90.0, 60.0),
    "temperature_min": Canonical("daily minimum air temperature", "degC", -90.0, 60.0),
    "dewpoint": Canonical("dew point temperature", "degC", -95.0, 40.0),
    "soil_temperature": Canonical("soil temperature", "degC", -70.0, 80.0),
    "surface_temperature": Canonical("land surface temperature", "degC", -90.0, 90.0),
    "lst_day": Canonical("land surface temperature by day", "degC", -90.0, 90.0),
    "lst_night": Canonical("land surface temperature by night", "degC", -90.0, 70.0),
    "lst_difference": Canonical(
        "land surface temperature by day less that by night", "K", -60.0, 90.0
    ),
    "lst_day_time": Canonical("local solar time of the view by day", "h", 0.0, 24.0),
    "lst_night_time": Canonical("local solar time of the view by night", "h", 0.0, 24.0),
    "lst_day_angle": Canonical("zenith angle of the view by day", "degree", -65.0, 65.0),
    "lst_night_angle": Canonical("zenith angle of the view by night", "degree", -65.0, 65.0),
    "lst_day_quality": Canonical("bits of quality by day", "1", -1.0, 255.0, "class"),
    "lst_night_quality": Canonical("bits of quality by night", "1", -1.0, 255.0, "class"),
    "vpd": Canonical("vapour pressure deficit", "kPa", 0.0, 15.0),
    "pressure": Canonical("surface air pressure", "kPa", 30.0, 110.0),
    "snow_water_equivalent": Canonical("snow water equivalent", "mm", 0.0, 50000.0),
    "ndvi": Canonical("normalised difference vegetation index", "1", -1.0, 1.0),
    "evi": Canonical("enhanced vegetation index", "1", -1.0, 1.0),
    "fvc": Canonical("fractional vegetation cover", "1", 0.0, 1.0),
    "lai": Canonical("leaf area index", "m2 m-2", 0.0, 20.0),
    "sand": Canonical("mass share of sand", "%", 0.0, 100.0),
    "silt": Canonical("mass share of silt", "%", 0.0, 100.0),
    "clay": Canonical("mass share of clay", "%", 0.0, 100.0),
    "bulk_density": Canonical("bulk density of the fine earth", "g cm-3", 0.05, 2.5),
    "organic_carbon": Canonical("soil organic carbon", "g kg-1", 0.0, 600.0),
    "porosity": Canonical("saturated water content", "m3 m-3", 0.0, 1.0),
    "residual_water_content": Canonical("residual water content", "m3 m-3", 0.0, 0.5),
    "field_capacity": Canonical("water content at field capacity", "m3 m-3", 0.0, 1.0),
    "wilting_point": Canonical("water content at the wilting point", "m3 m-3", 0.0, 1.0),
    "saturated_conductivity": Canonical(
        "saturated hydraulic conductivity", "cm d-1", 0.0, 100000.0
    ),
    "elevation": Canonical("elevation", "m", -500.0, 9000.0),
    "cell_area": Canonical("area of the grid cell", "m2", 0.0, 1e12),
    "zone": Canonical("zone", "1", -1.0, 32767.0, "class"),
    "land_cover": Canonical("land cover", "1", -1.0, 32767.0, "class"),
}
