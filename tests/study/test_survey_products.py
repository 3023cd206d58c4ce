"""A folder of every product is recognised: products, variables, periods, layers and gaps."""

import pytest

from soilscope.sources.catalogue import PRODUCTS
from soilscope.study.survey import survey
from study.fine_files import write_daily, write_others
from study.folders import write_all


@pytest.fixture(scope="module")
def found(tmp_path_factory):
    folder = tmp_path_factory.mktemp("products")
    write_daily(folder)
    write_others(folder)
    write_all(folder)
    return survey(folder)


@pytest.fixture(scope="module")
def held(found):
    """What is known of each product, by its name and first variable."""
    return {(k.product, *k.variables[:1]): k for k in found.known}


def test_every_product_that_has_a_layout_is_recognised(found):
    unnamed = {"table", "raster", "era5", "era_interim"}
    assert set(PRODUCTS) - unnamed == {known.product for known in found.known}
    assert {plain.series.first.name for plain in found.plain} == {"download.nc"}


@pytest.mark.parametrize(
    ("key", "step", "first", "last"),
    [
        (("esa_cci", "soil_moisture"), "day", "2019-06", "2019-07"),
        (("modis_lst", "lst_day"), "day", "2019-06", "2019-07"),
        (("trims_lst", "lst_night"), "day", "2019-06", "2019-06"),
        (("modis_et", "potential_evapotranspiration"), "other", "2019-01", "2019-12"),
        (("gldas", "surface_temperature"), "other", "2019-06", "2019-06"),
        (("fvc_china", "fvc"), "month", "2019-01", "2019-12"),
        (("gebco", "elevation"), "none", "", ""),
    ],
)
def test_periods_and_steps_of_files_of_one_date_each_are_known(held, key, step, first, last):
    extent = held[key].extent
    assert (extent.step, extent.first, extent.last) == (step, first, last)


def test_layers_of_soil_in_files_of_their_own_are_known_together(held):
    assert held["soilgrids", "clay"].extent.layers == ((0.0, 0.05), (0.05, 0.15))
    assert len(held["soil_hydraulics", "porosity"].series.files) == 2


def test_days_and_periods_without_a_file_are_gaps(held):
    assert held["smops", "soil_moisture"].gaps == ("1 day(s) missing: 2019-06-03",)
    (gap,) = held["modis_et", "potential_evapotranspiration"].gaps
    assert gap == "2 period(s) of 8 days missing: 2019-06-10 to 2019-06-18"
    assert held["esa_cci", "soil_moisture"].gaps == ()


def test_layers_of_quality_are_known_as_masks_of_their_temperature(held):
    assert held["modis_lst", "lst_night_quality"].extent.first == "2019-06"
    assert held["modis_lst", "lst_day"].family == "MYD11A1"
