"""Units: many spellings, one meaning; factors from the definition of the units."""

import numpy as np
import pytest
import xarray as xr

from soilscope.sources.canonical import CANONICAL
from soilscope.sources.units import accepted_units, canonical_units, conversion


@pytest.mark.parametrize(
    ("text", "factor", "units"),
    [
        ("m3 m-3", 1, "m3 m-3"),
        ("m**3 m**-3", 1, "m3 m-3"),
        ("m^3/m^3", 1, "m3 m-3"),
        ("m³ m⁻³", 1, "m3 m-3"),
        ("m³/m³", 1, "m3 m-3"),
        ("cm3/cm3", 1, "m3 m-3"),
        ("0.001 m3/m3", 0.001, "m3 m-3"),
        ("1e-3 m3 m-3", 0.001, "m3 m-3"),
        ("0.1 mm", 0.1, "mm"),
        ("kg m**-2 s**-1", 1, "kg m-2 s-1"),
        ("kg/m2/s", 1, "kg m-2 s-1"),
        ("mm/day", 1, "mm d-1"),
        ("mm day-1", 1, "mm d-1"),
        ("mm per month", 1, "mm month-1"),
        ("deg C", 1, "degC"),
        ("degrees C", 1, "degC"),
        ("°C", 1, "degC"),
        ("[K]", 1, "K"),
        ("Kelvin", 1, "K"),
        ("mbar", 1, "hPa"),
        ("vol. %", 1, "%"),
        ("% vol.", 1, "%"),
        ("percent", 1, "%"),
        ("1", 1, "1"),
        ("-", 1, "1"),
    ],
)
def test_spellings_of_units_are_one(text, factor, units):
    assert canonical_units(text) == (factor, units)


@pytest.mark.parametrize(
    ("variable", "units", "step", "theirs", "ours"),
    [
        ("soil_moisture", "%", "month", 25.0, 0.25),
        ("soil_moisture", "0.001 m3/m3", "day", 250.0, 0.25),
        ("temperature", "K", "month", 273.15, 0.0),
        ("temperature", "degF", "month", 212.0, 100.0),
        ("vpd", "hPa", "month", 12.0, 1.2),
        ("vpd", "Pa", "month", 1200.0, 1.2),
        ("precipitation", "m month-1", "month", 0.08, 80.0),
        ("precipitation", "0.1 mm", "month", 800.0, 80.0),
        ("precipitation", "m", "day", 0.008, 8.0),
        ("precipitation", "kg m-2 s-1", "day", 1.0 / 86400.0, 1.0),
        ("precipitation", "kg m-2 s-1", "other", 1.0 / 86400.0, 1.0),
        ("precipitation", "m s-1", "day", 1.0 / 86400000.0, 1.0),
        ("precipitation", "mm/h", "day", 1.0 / 24.0, 1.0),
        ("precipitation", "cm d-1", "day", 0.1, 1.0),
        ("snow_water_equivalent", "m", "month", 0.1, 100.0),
        ("elevation", "km", "none", 1.5, 1500.0),
        ("lai", "m2/m2", "month", 2.0, 2.0),
    ],
)
def test_a_conversion_is_the_definition_of_the_units(variable, units, step, theirs, ours):
    how = conversion(variable, units, step=step)
    assert theirs * how.factor + how.offset == pytest.approx(ours, rel=1e-12, abs=1e-12)


@pytest.mark.parametrize(
    ("step", "units"), [("month", "mm month-1"), ("day", "mm d-1"), ("other", "mm d-1")]
)
def test_a_rate_becomes_a_sum_over_the_step_of_the_data(step, units):
    assert conversion("precipitation", "kg m-2 s-1", step=step).units == units


@pytest.mark.parametrize(
    ("units", "step"),
    [("mm", "other"), ("mm", "one"), ("mm month-1", "day"), ("kg m-2 s-1", "none"), ("K", "month")],
)
def test_a_sum_without_a_known_step_does_not_fit(units, step):
    assert conversion("precipitation", units, step=step) is None


def test_every_unit_that_is_listed_as_accepted_is_accepted():
    for variable, known in CANONICAL.items():
        if known.kind == "class":
            continue
        for step in ("month", "day", "other", "one", "none"):
            for units in filter(None, accepted_units(variable, step=step).split(", ")):
                assert conversion(variable, units, step=step) is not None


def test_names_that_are_not_ours_keep_their_units():
    assert conversion("fapar", "strange", step="month").units == "strange"


def test_a_rate_is_multiplied_by_the_days_of_each_month(open_sites, sites):
    sites["tp"] = xr.ones_like(sites.tp).assign_attrs(units="mm d-1")
    ds = open_sites(sites, variables={"precipitation": "tp"})
    # January, February (of the leap year 2000), and February 2001
    assert ds.precipitation.values[[0, 1, 13], 0].tolist() == [31.0, 29.0, 28.0]
    assert ds.precipitation.attrs["units"] == "mm month-1"
    assert ds.precipitation.attrs["source_units"] == "mm d-1"


def test_water_per_area_is_divided_by_the_thickness_of_its_layer(open_sites, sites):
    # 7 cm of soil with 0.2 m3 m-3 hold 14 kg m-2, 21 cm with 0.3 hold 63
    values = np.broadcast_to([14.0, 63.0], sites.sm.shape)
    wet = sites.assign(sm=(sites.sm.dims, values.copy(), {"units": "kg m-2"}))
    ds = open_sites(wet)
    np.testing.assert_allclose(ds.soil_moisture.values[:, 0], 0.2, rtol=1e-12)
    np.testing.assert_allclose(ds.soil_moisture.values[:, 1], 0.3, rtol=1e-12)


def test_water_per_area_without_layers_is_refused(open_grid, grid):
    from soilscope.errors import SourceError

    grid.swvl1.attrs["units"] = "kg m-2"
    with pytest.raises(SourceError, match="only with the thickness of its layer; write depth_b"):
        open_grid(grid)


def test_single_precision_stays_single(open_sites, sites):
    sites["t2m"] = (sites.t2m.astype("float32") + np.float32(273.15)).assign_attrs(units="K")
    ds = open_sites(sites, variables={"temperature": "t2m"})
    assert ds.temperature.dtype == np.float32
