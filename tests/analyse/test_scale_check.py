import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from soilscope import discretize, factor_detector, scale_check
from soilscope.errors import InputError

RNG = np.random.default_rng(41)
SIDE = 48


def grid(values):
    return xr.DataArray(np.asarray(values), dims=("y", "x"))


def smooth(width):
    wide = gaussian_filter(RNG.normal(size=(SIDE + 40, SIDE + 40)), width)[20:-20, 20:-20]
    return grid(wide / wide.std())


SLOW = smooth(6)
Y = SLOW + grid(RNG.normal(size=(SIDE, SIDE)))
COVER = grid(RNG.integers(0, 3, (SIDE, SIDE)))


def test_grain_and_spacing_of_one_cell_are_the_factor_detector():
    found = scale_check(Y, {"slow": SLOW, "cover": COVER}, grains=[1], spacings=[1])
    codes = {"slow": discretize(SLOW, method="natural", n_classes=5).codes, "cover": COVER}
    q = factor_detector(Y, codes, p="none")
    for name in ("q_by_grain", "q_by_spacing", "q_by_spacing_low", "q_by_spacing_high"):
        np.testing.assert_allclose(found[name].squeeze(), q.q, rtol=1e-12)
    np.testing.assert_allclose(found.q_adjusted_by_grain.squeeze(), q.q_adjusted, rtol=1e-12)


def test_blocks_are_those_of_coarsen():
    found = scale_check(Y, {"slow": SLOW}, grains=[4], spacings=[1])
    coarse = {k: v.coarsen(y=4, x=4).mean() for k, v in {"y": Y, "slow": SLOW}.items()}
    codes = discretize(coarse["slow"], method="natural", n_classes=5).codes
    expected = factor_detector(coarse["y"], {"slow": codes}, p="none").q.item()
    assert found.q_by_grain.item() == pytest.approx(expected, rel=1e-12)
    assert found.n_by_grain.item() == 144


def test_nets_are_every_so_many_cells_from_every_place():
    found = scale_check(Y, {"cover": COVER}, grains=[1], spacings=[2])
    q = [
        factor_detector(Y[i::2, j::2], {"cover": COVER[i::2, j::2]}, p="none").q.item()
        for i in range(2)
        for j in range(2)
    ]
    assert found.q_by_spacing.item() == pytest.approx(np.median(q), rel=1e-12)
    assert found.q_by_spacing_low.item() == pytest.approx(min(q), rel=1e-12)
    assert found.q_by_spacing_high.item() == pytest.approx(max(q), rel=1e-12)
    assert found.n_by_spacing.item() == 24 * 24


def test_noise_of_cells_averages_out_and_a_wide_net_spreads():
    found = scale_check(Y, {"slow": SLOW}, grains=[1, 4, 8], spacings=[1, 2, 8])
    q = found.q_by_grain.isel(factor=0).values
    assert q[0] < 0.6 < 0.8 < q[1]
    spread = (found.q_by_spacing_high - found.q_by_spacing_low).isel(factor=0).values
    assert spread[0] == 0.0
    assert spread[2] > spread[1] > 0.0


def test_the_majority_of_classes_counts_and_the_smallest_of_equals():
    y = grid(np.repeat(np.repeat([[0.0, 1.0], [2.0, 5.0]], 2, axis=0), 2, axis=1))
    names = np.full((4, 4), "moor", dtype=object)
    names[:2, :2] = [["fen", "fen"], ["moor", "moor"]]  # fen is first in the alphabet
    found = scale_check(y, {"kind": grid(names)}, grains=[2], spacings=[1])
    means = np.array([0.0, 1.0, 2.0, 5.0])
    expected = 1 - means[1:].var() * 3 / (means.var() * 4)
    assert found.q_by_grain.item() == pytest.approx(expected)


def test_blocks_with_few_cells_and_gaps_do_not_count():
    holed = Y.where(~((Y.y < 8) & (Y.x < 7)))
    found = scale_check(holed, {"slow": SLOW}, grains=[8], spacings=[1])
    assert found.n_by_grain.item() == 35
    assert found.n_obs.item() == SIDE * SIDE - 56
    kept = scale_check(holed, {"slow": SLOW}, grains=[8], spacings=[1], min_share=0.1)
    assert kept.n_by_grain.item() == 36


def test_what_is_left_with_one_cell_or_one_class_has_no_q():
    found = scale_check(Y, {"same": Y * 0 + 1.0, "slow": SLOW}, grains=[1, 48], spacings=[1, 60])
    assert found.q_by_grain.sel(factor="same").isnull().all()
    assert found.q_by_grain.isel(grain=1).isnull().all()
    assert found.q_by_grain.sel(factor="slow", grain=1).notnull()
    assert found.q_by_spacing.isel(spacing=1).isnull().all()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"grains": []}, "grains is empty"),
        ({"spacings": [0]}, "spacings has 0"),
        ({"grains": [1.5]}, "grains has 1.5"),
        ({"method": "jenks"}, "method is 'jenks'"),
        ({"n_classes": 1}, "n_classes is 1"),
        ({"min_share": 2}, "min_share is 2"),
    ],
)
def test_a_wrong_option_is_told(options, words):
    with pytest.raises(InputError, match=words):
        scale_check(Y, {"slow": SLOW}, **options)


def test_sites_have_no_grain():
    site = xr.DataArray(np.arange(5.0), dims="site")
    with pytest.raises(InputError, match="needs a grid"):
        scale_check(site, {"x": site})
