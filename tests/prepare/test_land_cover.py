"""Classes of land cover become strata: the table, what it does not know, and cells that change."""

import json

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import cover_changes, cover_strata, open_source
from soilscope.errors import InputError
from soilscope.names import flag_table
from soilscope.prepare.land_cover import IGBP_TABLE
from soilscope.sources.igbp import IGBP


def codes(values, *dims, dtype="int16"):
    return xr.DataArray(np.array(values, dtype), dims=dims or ("site",), name="land_cover")


def test_every_class_of_the_igbp_has_its_place():
    """By the words of the classes, and not by the numbers of the table."""
    strata = cover_strata(codes(list(IGBP)))
    names = flag_table(strata.attrs)
    found = {IGBP[code]: names.get(int(s)) for code, s in zip(IGBP, strata.values, strict=True)}
    assert {k for k, v in found.items() if v == "forest"} == {
        "evergreen_needleleaf_forests", "evergreen_broadleaf_forests",
        "deciduous_needleleaf_forests", "deciduous_broadleaf_forests", "mixed_forests",
        "woody_savannas",
    }  # fmt: skip
    assert {k for k, v in found.items() if v == "grass"} == {
        "closed_shrublands", "open_shrublands", "savannas", "grasslands",
    }  # fmt: skip
    assert {k for k, v in found.items() if v == "crop"} == {
        "croplands", "cropland_and_natural_vegetation_mosaics",
    }  # fmt: skip
    assert {k for k, v in found.items() if v == "barren"} == {"barren"}
    assert {k for k, v in found.items() if v is None} == {
        "permanent_wetlands", "urban_and_built-up_lands", "permanent_snow_and_ice", "water_bodies",
    }  # fmt: skip


def test_strata_have_these_codes_names_and_type():
    strata = cover_strata(codes([1, 10, 12, 16, 0, -1]))
    assert strata.name == "cover_stratum"
    assert strata.dtype == np.int8
    assert strata.values.tolist() == [0, 1, 2, 3, -1, -1]
    assert strata.flag_values == [0, 1, 2, 3]
    assert strata.flag_meanings == "forest grass crop barren"
    assert json.loads(strata.attrs["table"])["12"] == "crop"


def test_missing_codes_have_no_stratum_in_any_type():
    floats = xr.DataArray([np.nan, np.inf, -np.inf, -1.0, 10.0], dims="site")
    assert cover_strata(floats).values.tolist() == [-1, -1, -1, -1, 1]
    assert cover_strata(codes([10, 17], dtype="uint8")).values.tolist() == [1, -1]


def test_codes_go_elsewhere_if_told_and_the_table_stays_as_it_is():
    given_codes = codes([6, 8, 11, 12])
    assert cover_strata(given_codes).values.tolist() == [1, 0, -1, 2]
    changes = {6: "forest", 11: "grass", 12: None}
    assert cover_strata(given_codes, changes=changes).values.tolist() == [0, 0, 1, -1]
    assert cover_strata(given_codes).values.tolist() == [1, 0, -1, 2]
    assert IGBP_TABLE[6] == "grass"


def test_another_table_serves_another_legend():
    """ESA WorldCover, in the keys of YAML and of JSON."""
    table = {10: "forest", 30: "grass", "40": "crop", "60": "barren", 80: None}
    found = cover_strata(codes([10, 30, 40, 60, 80]), table=table)
    assert found.values.tolist() == [0, 1, 2, 3, -1]


def test_codes_outside_of_the_table_are_refused_with_what_to_write():
    with pytest.raises(InputError) as fault:
        cover_strata(codes([10, 40, 50]))
    text = str(fault.value)
    assert "\n" not in text
    assert "holds the codes 40, 50, which the table does not know" in text
    assert "changes={40: 'grass'}" in text
    found = cover_strata(codes([10, 40, 50]), changes={40: "grass", 50: None})
    assert found.values.tolist() == [1, 1, -1]


def test_codes_outside_of_the_table_are_refused_lazily_too():
    lazy = cover_strata(codes([10, 40, 50]).chunk(site=1))
    with pytest.raises(InputError, match=r"holds the codes [45]0, which the table"):
        lazy.compute()


def test_means_of_classes_are_refused():
    with pytest.raises(InputError, match=r"holds 10.5.*classes cannot be averaged"):
        cover_strata(xr.DataArray([10.5, 12.0], dims="site"))


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"table": "igpb"}, "must be one of 'igbp'; did you mean 'igbp'"),
        ({"table": {}}, "map codes to strata"),
        ({"table": {1: "woods"}}, "maps 1 to 'woods', which is none of forest, grass"),
        ({"changes": {1: "forrest"}}, "did you mean 'forest'"),
        ({"changes": {"grass": 1}}, "has the code 'grass'; codes are whole numbers"),
        ({"changes": {-1: "grass"}}, "has the code -1"),
        ({"changes": [1, 2]}, "map codes to strata"),
    ],
)
def test_tables_that_say_nothing_are_refused(options, match):
    with pytest.raises(InputError, match=match):
        cover_strata(codes([1]), **options)


@given(st.lists(st.integers(-1, 17), min_size=1, max_size=40))
def test_every_stratum_is_that_of_its_code_alone(values):
    together = cover_strata(codes(values)).values
    alone = [int(cover_strata(codes([value])).values[0]) for value in set(values)]
    table = dict(zip(set(values), alone, strict=True))
    assert together.tolist() == [table[value] for value in values]


# -- change -----------------------------------------------------------------------------------


def test_cells_that_are_not_of_one_stratum_are_found():
    maps = codes(
        [[10, 10, 12, 1, -1, 10, 17], [10, 9, 13, 4, -1, -1, 17], [10, 10, 13, 1, -1, -1, 15]],
        "time", "x",
    )  # fmt: skip
    found = cover_changes(maps)
    # always grass | grass and savanna are one stratum | crop to urban | two forests | nothing |
    # one map | lake to ice: none, and none
    assert found.cover_changed.values.tolist() == [0, 0, 1, 0, -1, -1, 0]
    assert found.n_covers.values.tolist() == [1, 1, 2, 1, 0, 1, 1]
    assert found.n_obs.values.tolist() == [3, 3, 3, 3, 0, 1, 3]
    assert flag_table(found.cover_changed.attrs) == {-1: "unknown", 0: "same", 1: "changed"}
    assert found.cover_changed.dtype == np.int8


def test_change_depends_on_the_table():
    maps = codes([[6, 12], [1, 14]], "time", "x")
    assert cover_changes(maps).cover_changed.values.tolist() == [1, 0]
    found = cover_changes(maps, changes={6: "forest", 14: "grass"})
    assert found.cover_changed.values.tolist() == [0, 1]


def test_change_in_any_chunks_and_order_is_the_same():
    rng = np.random.default_rng(1)
    maps = codes(rng.choice([-1, 1, 10, 12, 13], (5, 6, 7)), "time", "y", "x")
    expected = cover_changes(maps)
    for chunks in ({"time": 1, "x": 3}, {"time": -1, "y": 2}):
        lazy = cover_changes(maps.chunk(chunks))
        assert all(v.chunks for v in lazy.data_vars.values())
        xr.testing.assert_identical(lazy.compute(), expected)
    turned = cover_changes(maps.transpose("x", "time", "y"))
    xr.testing.assert_identical(turned.transpose("y", "x"), expected)


def test_maps_without_years_are_refused():
    with pytest.raises(InputError, match="has no dimension 'time'"):
        cover_changes(codes([1, 2]))


# -- a real map -------------------------------------------------------------------------------


@pytest.mark.real
def test_a_real_map_and_vegetation_of_north_west_china_are_read(shared_data):
    """MCD12C1 of 2019 and NDVI of MODIS on 0.05 degrees, with water as 0."""
    path = shared_data / "nwchina-static" / "nwchina_static_005deg.nc"
    ds = open_source(
        "raster",
        path,
        variables={
            "land_cover": "landcover_igbp",
            "ndvi": {"name": "ndvi_max", "units": "1"},
        },
        crs="EPSG:4326",
    )
    assert ds.land_cover.shape == (160, 250)
    strata = cover_strata(ds.land_cover)
    with xr.open_dataset(path) as raw:
        counted = {int(c): int((raw.landcover_igbp == c).sum()) for c in (10, 12, 16)}
    # 8 is a woody savanna, and of the mosaics 14
    assert int((strata == 3).sum()) == counted[16] > 10_000
    assert int((strata == 2).sum()) >= counted[12] > 0
    assert int((strata == 1).sum()) >= counted[10] > 5_000
    by = [float(ds.ndvi.where(strata == k).mean()) for k in range(4)]
    assert by[3] < 0.25 < min(by[:3])  # desert is not green
    assert max(by) == by[0]  # and the forests of the Qilian are the greenest
