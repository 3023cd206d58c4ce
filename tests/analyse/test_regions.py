import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import regional_mean
from soilscope.errors import GridError, InputError
from soilscope.grid.measure import cell_area

ZONES = {"flag_values": [0, 1], "flag_meanings": "Weining_Plain Yinchuan_Plain"}


def sites(values, **kwargs):
    return xr.DataArray(values, dims="site", **kwargs)


def test_regions_are_named_without_underscores():
    result = regional_mean(sites([1.0, 3.0]), regions=sites([0, 1], attrs=ZONES))
    assert result.region.values.tolist() == ["Weining Plain", "Yinchuan Plain"]
    assert result["mean"].values.tolist() == [1.0, 3.0]


def test_labels_may_hold_any_script():
    regions = sites([0, 1], attrs=ZONES | {"labels": ["卫宁平原", "银川平原"]})
    assert regional_mean(sites([1.0, 3.0]), regions=regions).region.values.tolist() == [
        "卫宁平原",
        "银川平原",
    ]


def test_cells_outside_every_region_do_not_count():
    result = regional_mean(sites([1.0, 3.0, 99.0]), regions=sites([0, 0, -1], attrs=ZONES))
    assert float(result["mean"][0]) == 2.0
    assert np.isnan(result["mean"][1])
    assert result.n_obs.values.tolist() == [2, 0]


def test_a_region_less_than_half_valid_is_missing():
    regions = sites([0, 0, 0, 1], attrs=ZONES)
    result = regional_mean(sites([1.0, np.nan, np.nan, 5.0]), regions=regions)
    assert np.isnan(result["mean"][0])
    assert float(result.area_share[0]) == pytest.approx(1 / 3)
    assert (
        float(
            regional_mean(sites([1.0, np.nan, np.nan, 5.0]), regions=regions, min_valid=0.3)[
                "mean"
            ][0]
        )
        == 1.0
    )


def test_without_regions_everything_is_one():
    result = regional_mean(sites([1.0, 2.0, np.inf, 6.0]))
    assert result.region.values.tolist() == ["all"]
    assert float(result["mean"][0]) == 3.0


def test_cells_count_by_their_area_on_the_ellipsoid():
    da = xr.DataArray(
        [[1.0, 1.0], [4.0, 4.0], [1.0, 1.0]],
        {"latitude": [61.0, 1.0, -59.0], "longitude": [0.5, 1.5]},
        ("latitude", "longitude"),
    )
    area = cell_area(da)
    expected = float((da * area).sum() / area.sum())
    assert float(regional_mean(da)["mean"][0]) == pytest.approx(expected)
    assert float(regional_mean(da, weights=None)["mean"][0]) == pytest.approx(2.0)


@given(st.lists(st.tuples(st.floats(-50, 50), st.floats(0.1, 10)), min_size=1, max_size=30))
def test_the_mean_is_numpys_weighted_average(pairs):
    values, weights = map(np.array, zip(*pairs, strict=True))
    result = regional_mean(sites(values), weights=sites(weights))
    np.testing.assert_allclose(result["mean"][0], np.average(values, weights=weights), atol=1e-9)


def test_a_record_without_stamps_has_means_without_stamps():
    da = sites([1.0, 3.0]).expand_dims(time=3).isel(time=slice(0))
    assert dict(regional_mean(da).sizes) == {"region": 1, "time": 0}


def test_shares_and_counts_have_no_units_of_the_data():
    da = sites([1.0, 3.0], name="soil_moisture", attrs={"units": "m3 m-3", "long_name": "moisture"})
    result = regional_mean(da)
    assert result.soil_moisture.attrs["units"] == "m3 m-3"
    assert [result[name].attrs["units"] for name in ("area_share", "n_obs")] == ["1", "1"]
    assert result.n_obs.attrs["long_name"] == "number of valid observations"


def test_an_index_keeps_its_name_and_its_reference():
    da = sites([1.0, 3.0], name="ssmi", attrs={"reference": "pooled"})
    result = regional_mean(da)
    assert result.ssmi.attrs["reference"] == "pooled"
    assert result.ssmi.attrs["long_name"] == "standardised soil moisture index"


def test_a_series_without_space_is_refused():
    with pytest.raises(InputError, match="no spatial dimensions"):
        regional_mean(xr.DataArray([1.0], dims="time"))


def test_regions_without_flags_are_refused():
    with pytest.raises(InputError, match="no flag_values"):
        regional_mean(sites([1.0]), regions=sites([0]))


def masked_grid():
    values = np.full((2, 6, 6), np.nan)
    values[0, 1:3, 2:4], values[1, 1:3, 2:4] = 1.0, 3.0
    coords = {"time": [2000.0, 2001.0], "y": np.arange(6.0), "x": np.arange(6.0)}
    return xr.DataArray(values, coords, ("time", "y", "x"), name="ssmi")


def test_without_regions_cells_that_never_have_a_value_do_not_count():
    result = regional_mean(masked_grid())
    assert result.ssmi.values.tolist() == [[1.0, 3.0]]
    assert result.area_share.values.tolist() == [[1.0, 1.0]]


def test_a_cell_with_a_gap_still_counts_in_the_share_of_the_area():
    da = masked_grid()
    da[1, 1:3, 2] = np.nan
    assert regional_mean(da).area_share.values.tolist() == [[1.0, 0.5]]


def test_negative_codes_are_outside_even_where_flags_list_them():
    flags = {"flag_values": [-1, 0], "flag_meanings": "outside oasis"}
    result = regional_mean(sites([1.0, 3.0, 9.0]), regions=sites([0, 0, -1], attrs=flags))
    assert result.region.values.tolist() == ["oasis"]
    assert result["mean"].values.tolist() == [2.0]


def test_labels_are_one_for_each_flag():
    with pytest.raises(InputError, match="1 labels for 2 flag_values"):
        regional_mean(sites([1.0, 2.0]), regions=sites([0, 1], attrs=ZONES | {"labels": ["a"]}))


def test_regions_on_other_cells_are_refused():
    da = masked_grid()
    zone = xr.zeros_like(da[0], dtype="i1").assign_attrs(ZONES)
    for other in (zone.isel(y=slice(0, 4)), zone.assign_coords(y=da.y + 1e-7)):
        with pytest.raises(GridError, match="regions and the data differ along 'y'"):
            regional_mean(da, regions=other)


def test_classes_have_no_mean():
    da = sites([0, 1], attrs={"flag_values": [0, 1], "flag_meanings": "dry wet"})
    with pytest.raises(InputError, match="holds classes"):
        regional_mean(da)


def test_a_cell_without_an_area_is_outside():
    da = sites([1.0, 5.0, 2.0], coords={"cell_area": ("site", [1.0, np.nan, 3.0])})
    assert float(regional_mean(da)["mean"][0]) == 1.75


def test_chunks_along_space_do_not_change_the_mean():
    da = masked_grid()
    lazy = regional_mean(da.chunk(time=1, y=2, x=5))
    assert all(variable.chunks for variable in lazy.data_vars.values())
    xr.testing.assert_allclose(lazy.compute(), regional_mean(da))
    turned = regional_mean(da.transpose("x", "time", "y"))
    xr.testing.assert_allclose(turned, regional_mean(da))


def test_every_site_may_be_its_own_region():
    flags = {"flag_values": [0, 1, 2], "flag_meanings": "a b c"}
    result = regional_mean(sites([1.0, np.nan, 3.0]), regions=sites([0, 1, 2], attrs=flags))
    np.testing.assert_array_equal(result["mean"], [1.0, np.nan, 3.0])
    assert result.n_obs.values.tolist() == [1, 0, 1]
