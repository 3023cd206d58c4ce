import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import depth_pattern, regional_mean, trend
from soilscope.errors import InputError, SoilscopeWarning
from soilscope.names import flag_table

ZONES = {"flag_values": [0, 1], "flag_meanings": "north south"}


def layered(values, **attrs):
    return xr.DataArray(np.array(values, dtype=float), dims=("depth", "site"), attrs=attrs)


def fits(slope, p_value):
    return xr.Dataset({"slope": layered(slope), "p_value": layered(p_value)})


def regional(slope, p_value):
    dims = ("region", "depth")
    return xr.Dataset({"slope": (dims, np.array(slope)), "p_value": (dims, np.array(p_value))})


@pytest.fixture
def zones():
    return xr.DataArray([0, 0, 1, -1], dims="site", attrs=ZONES)


@pytest.fixture
def found(zones):
    state = layered(
        [[-0.6, -0.2, 0.4, 9.0], [0.3, 0.1, 0.02, 9.0], [-0.5, 0.1, np.nan, 9.0]],
        reference="pooled_profile",
    )
    cells = fits([[0.1, 0.3, -0.2, 9.0]] * 3, [[0.01, 0.2, 0.01, 0.0]] * 3)
    whole = regional([[0.2, 0.2, -0.1], [-0.2, -0.2, -0.2]], [[0.01, 0.2, 0.01], [0.01] * 3])
    effects = xr.Dataset(
        {
            "standardized_coefficient": (
                ("driver", "depth", "site"),
                [[[0.6, 0.6, -0.3, 9], [0.4, 0.2, -0.1, 9], [0.1, 0.0, 0.0, 9]]],
            )
        },
        coords={"driver": ["precipitation"]},
    )
    return depth_pattern(
        state, cells, effects=effects, regions=zones, regional_trend=whole, weights=None
    )


def words(da):
    table = flag_table(da.attrs)
    return [[table.get(int(v)) for v in row] for row in np.atleast_2d(da.values)]


def test_the_state_is_that_of_the_mean_and_small_means_are_neutral(found):
    np.testing.assert_allclose(found.state_mean, [[-0.4, 0.2, -0.2], [0.4, 0.02, np.nan]])
    assert words(found.state) == [
        ["deficit", "surplus", "deficit"],
        ["surplus", "neutral", None],
    ]


def test_shares_of_the_area_count_each_cell_by_its_own_sign(found):
    np.testing.assert_allclose(found.deficit_share[0], [1.0, 0.0, 0.5])
    np.testing.assert_allclose(found.surplus_share[0], [0.0, 1.0, 0.5])
    np.testing.assert_allclose(found.wetting_share[0], [0.5, 0.5, 0.5])
    np.testing.assert_allclose(found.drying_share[1], [1.0, 1.0, 1.0])


def test_a_tendency_needs_a_significant_regional_trend(found):
    assert words(found.tendency)[0] == ["wetting", "neutral", "drying"]
    np.testing.assert_allclose(found.mean_slope[0], [0.2, 0.2, 0.2])


def test_patterns_join_equal_layers_and_skip_empty_ones(found):
    assert found.state_pattern.values.tolist() == [
        "deficit -> surplus -> deficit",
        "surplus -> neutral",
    ]
    assert found.tendency_pattern.values.tolist() == [
        "wetting -> neutral -> drying",
        "drying",
    ]


def test_the_association_with_a_driver_is_graded_by_its_mean(found):
    assert found.effect_pattern.values.tolist() == [
        ["very strong positive -> strong positive -> none"],
        ["strong negative -> weak negative -> none"],
    ]


def test_cells_without_a_state_are_counted(found):
    assert found.n_obs.values.tolist() == [[2, 2, 2], [1, 1, 0]]
    assert found.status.values.tolist() == [[0, 0, 0], [0, 0, 1]]


def series(reference, years=range(2000, 2012), **attrs):
    time = pd.to_datetime([f"{year}-01-01" for year in years])
    rng = np.random.default_rng(3)
    values = rng.normal(size=(len(time), 2, 3)) + np.arange(len(time))[:, None, None]
    return xr.DataArray(
        values,
        {"time": time},
        ("time", "depth", "site"),
        name="ssmi",
        attrs={"reference": reference, "units": "1"} | attrs,
    )


OWN = {"baseline": "2000-01-01/2011-12-01"}


def test_the_mean_over_its_own_baseline_is_refused():
    state = series("own", **OWN)
    with pytest.raises(InputError, match="zero by construction"):
        depth_pattern(state, trend(state), regions=None)


def test_the_mean_over_a_part_of_its_own_baseline_is_a_state():
    state = series("own", **OWN).sel(time=slice("2002", None))
    result = depth_pattern(state, trend(state), regions=None)
    assert (result.status == 0).all()


def test_a_reference_pooled_over_the_region_is_warned_of():
    state = series("pooled")
    with pytest.warns(SoilscopeWarning, match="compares zones, not layers"):
        depth_pattern(state, trend(state), regions=None)


def test_without_a_regional_trend_that_of_the_mean_series_is_made():
    state = series("pooled_profile")
    result = depth_pattern(state, trend(state, correction="prewhiten"), regions=None)
    mean = regional_mean(state).ssmi
    expected = trend(mean, correction="prewhiten")
    np.testing.assert_allclose(result.slope, expected.slope)
    np.testing.assert_allclose(result.p_value, expected.p_value)


def test_a_mean_state_needs_its_regional_trend():
    state = series("pooled_profile").mean("time", keep_attrs=True)
    with pytest.raises(InputError, match="give regional_trend"):
        depth_pattern(state, trend(series("pooled_profile")), regions=None)


def test_layers_must_agree():
    state = series("pooled_profile").assign_coords(depth=[0.05, 0.2])
    other = trend(series("pooled_profile").assign_coords(depth=[0.05, 0.3]))
    with pytest.raises(InputError, match="layers of trend are not those of state"):
        depth_pattern(state, other, regions=None)


def test_the_regional_trend_is_put_into_the_order_of_the_regions(zones):
    state = layered([[-0.6, -0.2, 0.4, 9.0]], reference="pooled_profile")
    cells = fits([[0.1] * 4], [[0.01] * 4])
    turned = regional([[-0.1], [0.2]], [[0.01], [0.01]]).assign_coords(region=["south", "north"])
    result = depth_pattern(state, cells, regions=zones, regional_trend=turned, weights=None)
    assert result.region.values.tolist() == ["north", "south"]
    assert result.slope.values.tolist() == [[0.2], [-0.1]]
    assert result.tendency_pattern.values.tolist() == ["wetting", "drying"]


def test_the_trend_of_other_regions_is_refused(zones):
    state = layered([[-0.6, -0.2, 0.4, 9.0]], reference="pooled_profile")
    cells = fits([[0.1] * 4], [[0.01] * 4])
    other = regional([[0.1]], [[0.01]]).assign_coords(region=["east"])
    with pytest.raises(InputError, match="holds the regions east, and regions north, south"):
        depth_pattern(state, cells, regions=zones, regional_trend=other, weights=None)


def test_a_trend_on_other_cells_is_refused(zones):
    state = layered([[-0.6, -0.2, 0.4, 9.0]], reference="pooled_profile")
    with pytest.raises(InputError, match="trend and the data differ along 'site'"):
        depth_pattern(state, fits([[0.1] * 3], [[0.01] * 3]), regions=zones)


def test_a_tendency_without_a_p_value_has_no_code(zones):
    state = layered([[-0.6, -0.2, 0.4, 9.0]], reference="pooled_profile")
    cells = fits([[0.1] * 4], [[0.01] * 4])
    whole = regional([[0.2], [0.2]], [[np.nan], [0.5]])
    result = depth_pattern(state, cells, regions=zones, regional_trend=whole, weights=None)
    assert words(result.tendency) == [[None], ["neutral"]]
    assert result.tendency_pattern.values.tolist() == ["", "neutral"]


def test_the_regional_trend_uses_every_option_of_the_trend_of_the_cells():
    state = series("pooled_profile", years=range(2000, 2008))
    result = depth_pattern(state, trend(state, min_obs=5), regions=None)
    assert np.isfinite(result.slope).all()
