"""Which data share ancestors, and which drivers explain a response by construction."""

import json

import numpy as np
import pytest
import xarray as xr

from soilscope import standardize
from soilscope.lineage import (
    circular,
    dependence,
    inherit,
    lineage_of,
    made_from,
    shared_lineage,
)
from soilscope.sources.catalogue import PRODUCTS


def made_of(*names, product=None):
    attrs = {"lineage": json.dumps(names)} | ({"product": product} if product else {})
    return xr.DataArray(0.0, attrs=attrs)


def test_a_product_belongs_to_its_own_lineage():
    assert lineage_of(made_of("CHIRPS", product="my_index")) == ("my_index", "CHIRPS")


def test_a_product_declared_by_hand_is_what_its_lineage_says():
    assert lineage_of(made_of("ERA5-Land", product="table")) == ("ERA5-Land", "ERA5")


def test_nothing_is_known_of_data_without_lineage():
    assert lineage_of(xr.DataArray(0.0)) == ()
    assert dependence(a=xr.DataArray(0.0), b=made_of("ERA5")) == ""


def test_a_product_and_its_ancestor_are_dependent():
    assert shared_lineage(made_of(product="smci"), made_of("ERA5-Land")) == ("ERA5-Land", "ERA5")


def test_a_source_that_tells_its_ancestors_is_believed():
    told = made_of("WorldClim", "ERA5", product="terraclimate")
    assert lineage_of(told) == ("TerraClimate", "WorldClim", "ERA5")
    named = made_of("TerraClimate", product="table")
    assert lineage_of(named) == ("TerraClimate", "WorldClim", "CRU TS", "JRA-55", "ERA5")


@pytest.mark.parametrize("product", sorted(PRODUCTS))
def test_the_name_of_a_product_tells_the_ancestors_that_its_source_declares(product):
    held = {"modisndvi", product.replace("_", "")}  # what the product is
    declared = {a for a in PRODUCTS[product].ancestors if a.casefold().replace(" ", "") not in held}
    assert declared <= set(made_from(product))


def test_two_children_of_one_parent_are_dependent():
    cci, noah = made_of(product="ESA CCI COMBINED"), made_of("GLDAS-Noah")
    assert dependence(product=cci, reference=noah) == "product and reference share GLDAS-Noah"


def test_products_without_common_ancestor_are_not_dependent():
    assert dependence(a=made_of("ERA5-Land"), b=made_of("SMAP"), c=made_of("GLDAS-Noah")) == ""


def test_of_three_only_the_dependent_pairs_are_named():
    told = dependence(a=made_of("SMCI"), b=made_of("SMAP"), c=made_of("ERA5-Land"))
    assert told == "a and c share ERA5-Land, ERA5"


@pytest.mark.parametrize("name", ["era5_land", "ERA5 Land", "Era5-land"])
def test_spelling_does_not_hide_a_product(name):
    assert shared_lineage(made_of(name), made_of("ERA5-Land")) == (name, "ERA5")


def test_the_lineage_of_other_software_is_read_as_it_stands():
    assert lineage_of(xr.DataArray(0.0, attrs={"lineage": "mapped from GLDAS"})) == (
        "mapped from GLDAS",
    )


def test_a_driver_that_the_response_was_made_from_is_circular():
    assert circular(made_of(product="smci"), {"t": made_of(product="era5_land")}) == {
        "t": "ERA5-Land"
    }


def test_a_driver_from_the_response_s_own_product_is_circular():
    sm, t = made_of("ERA5", product="era5_land"), made_of("ERA5", product="era5_land")
    assert circular(sm, xr.Dataset({"t": t})) == {"t": "ERA5-Land"}


def test_a_driver_made_from_the_response_is_circular():
    assert circular(made_of(product="smci"), {"tvdi": made_of("SMCI", product="tvdi")}) == {
        "tvdi": "SMCI"
    }


@pytest.mark.parametrize("ancestor", ["MODIS", "MODIS NDVI"])
@pytest.mark.parametrize("product", ["modis", "table"])
def test_a_part_of_a_product_is_circular_by_either_name(ancestor, product):
    ndvi = made_of("MODIS NDVI", product=product)
    found = circular(made_of("CHIRPS", ancestor, product="table"), {"ndvi": ndvi})
    assert found == {"ndvi": ancestor}
    assert circular(made_of("MODIS LST", product="table"), {"ndvi": ndvi}) == {}


def test_a_driver_that_only_has_a_common_ancestor_is_not_circular():
    sm, vpd = made_of("ERA5", product="era5_land"), made_of("ERA5", product="other")
    assert circular(sm, {"vpd": vpd}) == {}
    assert dependence(sm=sm, vpd=vpd) == "sm and vpd share ERA5"


def test_a_result_inherits_the_lineage_of_all_its_inputs():
    result = inherit(xr.Dataset({"r": 0.5}), made_of(product="smci"), made_of("SMAP"))
    assert lineage_of(result["r"]) == (
        "SMCI", "ERA5-Land", "ERA5", "MODIS", "CMA stations", "SMAP",
    )  # fmt: skip


def test_an_index_has_the_lineage_of_its_soil_moisture():
    time = xr.date_range("2001-01", periods=240, freq="MS")
    sm = xr.DataArray(np.sin(np.arange(240.0)), {"time": time}, "time").assign_attrs(
        lineage='["ERA5-Land"]', product="table"
    )
    assert lineage_of(standardize(sm)["ssmi"]) == ("ERA5-Land", "ERA5")
