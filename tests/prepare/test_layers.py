import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import merge_layers, set_layers
from soilscope.errors import InputError, SoilscopeWarning

ERA5_LAND = [[0.0, 0.07], [0.07, 0.28], [0.28, 1.0], [1.0, 2.89]]
SMCI = [[i / 10, (i + 1) / 10] for i in range(10)]


def layers(values, bounds):
    return set_layers(xr.DataArray(values, dims="depth", attrs={"units": "m3 m-3"}), bounds)


def test_ten_centimetres_of_era5_land_are_seven_of_the_first_layer_and_three_of_the_second():
    merged = merge_layers(layers([0.1, 0.2, 0.3, 0.4], ERA5_LAND), bounds=[[0, 0.1], [0.1, 0.3]])
    np.testing.assert_allclose(merged, [(7 * 0.1 + 3 * 0.2) / 10, (18 * 0.2 + 2 * 0.3) / 20])
    np.testing.assert_allclose(merged.depth, [0.05, 0.2])
    assert merged.depth_top.values.tolist() == [0.0, 0.1]
    assert merged.depth_bottom.values.tolist() == [0.1, 0.3]
    assert merged.attrs["units"] == "m3 m-3"


def test_the_layers_of_paper_a_are_means_of_their_parts():
    values = np.arange(10.0)
    merged = merge_layers(layers(values, SMCI), bounds=[[0, 0.1], [0.1, 0.3], [0.3, 1.0]])
    np.testing.assert_allclose(merged, [0.0, values[1:3].mean(), values[3:].mean()])


def test_a_layer_without_a_value_covers_nothing():
    merged = merge_layers(layers([1.0, np.nan, 3.0], SMCI[:3]), bounds=[[0, 0.1], [0.1, 0.3]])
    np.testing.assert_allclose(merged, [1.0, np.nan])
    half = merge_layers(layers([1.0, np.nan, 3.0], SMCI[:3]), bounds=[[0.1, 0.3]], min_coverage=0.5)
    np.testing.assert_allclose(half, [3.0])


def test_layers_that_reach_too_little_of_a_target_give_nan_and_a_warning():
    with pytest.warns(SoilscopeWarning, match=r"do not cover 0\.2-0\.5 m \(33 % covered\)"):
        merged = merge_layers(layers([1.0, 2.0, 3.0], SMCI[:3]), bounds=[[0, 0.2], [0.2, 0.5]])
    np.testing.assert_allclose(merged, [1.5, np.nan])
    np.testing.assert_allclose(merged.coverage, [1.0, 1 / 3])


def test_layers_that_reach_no_target_are_refused():
    with pytest.raises(InputError, match="choose bounds within the data"):
        merge_layers(layers([1.0], [[0, 0.1]]), bounds=[[1.0, 2.0]])


@pytest.mark.parametrize(
    ("bounds", "text"),
    [([[0.3, 0.1]], "must go down"), ([[10, 30], [30]], "pairs"), ([], "pairs")],
)
def test_targets_without_sense_are_refused(bounds, text):
    with pytest.raises(InputError, match=text):
        merge_layers(layers([1.0], [[0, 0.1]]), bounds=bounds)


def test_source_layers_that_overlap_are_refused():
    with pytest.raises(InputError, match="overlap"):
        merge_layers(layers([1.0, 2.0], [[0, 0.2], [0.1, 0.3]]), bounds=[[0, 0.3]])


def test_bounds_are_never_guessed():
    with pytest.raises(InputError, match="does not say where its layers begin"):
        merge_layers(xr.DataArray([1.0], {"depth": [0.05]}), bounds=[[0, 0.1]])


def test_the_order_of_source_layers_does_not_matter():
    down = layers([0.1, 0.2, 0.3, 0.4], ERA5_LAND)
    up = down.isel(depth=slice(None, None, -1))
    bounds = [[0, 0.1], [0.1, 0.3]]
    xr.testing.assert_allclose(merge_layers(up, bounds=bounds), merge_layers(down, bounds=bounds))


def test_a_dataset_keeps_what_has_no_depth():
    ds = xr.Dataset({"soil_moisture": layers([1.0, 3.0], SMCI[:2]), "zone": ("site", [1])})
    merged = merge_layers(ds, bounds=[[0, 0.2]])
    assert merged.soil_moisture.values.tolist() == [2.0]
    assert merged.zone.values.tolist() == [1]


@given(
    st.lists(st.floats(0.01, 1.0), min_size=1, max_size=8),
    st.lists(st.floats(0.05, 0.95), min_size=1, max_size=5, unique=True),
    st.data(),
)
def test_targets_that_tile_the_profile_keep_its_water(thickness, cuts, data):
    edges = np.concatenate([[0.0], np.cumsum(thickness)])
    values = data.draw(st.lists(st.floats(0, 1), min_size=len(thickness), max_size=len(thickness)))
    sources = np.stack([edges[:-1], edges[1:]], axis=1)
    inner = np.concatenate([[0.0], np.sort(cuts) * edges[-1], [edges[-1]]])
    targets = np.stack([inner[:-1], inner[1:]], axis=1)
    targets = targets[targets[:, 1] - targets[:, 0] > 1e-6]
    merged = merge_layers(layers(values, sources), bounds=targets.tolist())
    water = float((merged * (targets[:, 1] - targets[:, 0])).sum())
    assert water == pytest.approx(float(np.dot(values, thickness)), abs=1e-5)


@pytest.mark.parametrize("bounds", [[[0, 0.1]], [[0, 0.1], [0.3, 0.2]], [[0, 0.1], [0.1]]])
def test_edges_that_do_not_fit_are_refused(bounds):
    with pytest.raises(InputError, match="bounds must be 2 pairs"):
        set_layers(xr.DataArray([1.0, 2.0], dims="depth"), bounds)


def test_cf_bounds_of_a_dataset_are_read():
    ds = xr.Dataset(
        {"sm": ("depth", [1.0, 3.0])},
        {"depth": [0.05, 0.15], "depth_bounds": (("depth", "bounds"), [[0, 0.1], [0.1, 0.2]])},
    )
    assert merge_layers(ds, bounds=[[0, 0.2]]).sm.values.tolist() == [2.0]
