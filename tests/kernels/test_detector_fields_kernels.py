"""Surrogate fields: what they keep of the data, and their variogram beside a loop over pairs."""

import itertools

import numpy as np
import pytest

from soilscope.kernels import detector_surrogates as kernel
from soilscope.kernels.detector_blocks import Deal


def smooth_field(shape=(12, 15), reach=3.0, seed=0):
    """A field with an exponential covariance, through the factor of its matrix."""
    place = np.argwhere(np.ones(shape))
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    factor = np.linalg.cholesky(np.exp(-away / reach) + 1e-9 * np.eye(len(place)))
    return (factor @ np.random.default_rng(seed).normal(size=len(place))).reshape(shape)


def test_permuted_values_are_the_same_in_another_order():
    values = np.random.default_rng(0).normal(size=30)
    batches = list(kernel.permuted(values, 20, seed=1))
    assert [b.shape for b in batches] == [(30, 16), (30, 4)]
    drawn = np.concatenate(batches, axis=1)
    assert drawn.dtype == np.float32
    np.testing.assert_array_equal(
        np.sort(drawn, axis=0), np.tile(np.sort(values.astype(np.float32))[:, None], 20)
    )
    assert len({column.tobytes() for column in drawn.T}) == 20


def test_a_seed_gives_the_same_surrogates_again_and_another_one_others():
    field = smooth_field()
    kept = np.ones(field.shape, bool)
    for make in (
        lambda seed: kernel.permuted(field.ravel(), 3, seed),
        lambda seed: kernel.spatial(field, kept, 3, seed),
    ):
        first, again, other = (next(iter(make(seed))) for seed in (1, 1, 2))
        np.testing.assert_array_equal(first, again)
        assert (first != other).any()


def test_blocks_that_are_dealt_out_stay_whole():
    values = np.arange(16.0).reshape(4, 4)
    blocks = {values[i : i + 2, j : j + 2].tobytes() for i in (0, 2) for j in (0, 2)}
    drawn = next(kernel.permuted(values.ravel(), 5, 0, Deal(np.ones((4, 4), bool), 2)))
    for column in drawn.T.astype(float):
        made = column.reshape(4, 4)
        assert {made[i : i + 2, j : j + 2].tobytes() for i in (0, 2) for j in (0, 2)} == blocks


def test_no_surrogates_are_none():
    assert list(kernel.permuted(np.arange(4.0), 0, 0)) == []


def test_distances_on_a_torus_go_the_shorter_way():
    found = kernel._distance((5, 6))
    for i, j in itertools.product(range(5), range(6)):
        ways = [np.hypot(i - a, j - b) for a in (0, 5) for b in (0, 6)]
        assert found[i, j] == pytest.approx(min(ways))


@pytest.mark.parametrize("missing", [0.0, 0.3])
def test_the_variogram_is_that_of_a_loop_over_pairs(missing):
    field = smooth_field((7, 9)) + 5.0
    kept = np.random.default_rng(1).random(field.shape) >= missing
    distance, gamma, pairs = kernel._variogram(field, kept, (14, 18))
    cells = np.argwhere(kept)
    away, halves = [], []
    for a, b in itertools.product(cells, cells):  # each pair from both ends
        away.append(np.hypot(*(a - b)))
        halves.append(0.5 * (field[tuple(a)] - field[tuple(b)]) ** 2)
    away, halves = np.array(away), np.array(halves)
    used = (away > 0) & (away <= 3.5)
    rings = np.rint(away)
    for k, ring in enumerate(np.unique(rings[used])):
        here = used & (rings == ring)
        assert pairs[k] == here.sum()
        assert distance[k] == pytest.approx(away[here].mean())
        assert gamma[k] == pytest.approx(halves[here].mean())
    assert len(pairs) == np.unique(rings[used]).size


def test_the_model_lies_near_the_variogram_of_its_field():
    field = smooth_field((24, 24), seed=3)
    kept = np.ones(field.shape, bool)
    distance, gamma, _ = kernel._variogram(field, kept, (48, 48))
    nugget, sill, reach, power = kernel._model(field, kept, (48, 48))
    model = nugget + sill * (1 - np.exp(-((distance / reach) ** power)))
    np.testing.assert_allclose(model, gamma, rtol=0.15)


def test_spatial_surrogates_have_the_covariance_of_the_model():
    field = smooth_field((8, 13), seed=4) * 3.0
    kept = np.random.default_rng(5).random(field.shape) >= 0.1
    drawn = np.concatenate(list(kernel.spatial(field, kept, 640, seed=0)), axis=1)
    assert drawn.shape == (kept.sum(), 640)
    nugget, sill, reach, power = kernel._model(field, kept, (16, 27))
    place = np.argwhere(kept)
    away = np.hypot(*(place[:, None] - place[None]).transpose(2, 0, 1))
    expected = sill * np.exp(-((away / reach) ** power)) + nugget * (away == 0)
    found = drawn @ drawn.T / 640
    for low, high in ((-0.1, 0.1), (0.9, 1.1), (2.9, 3.1), (4.9, 5.1)):
        ring = (away > low) & (away < high)
        assert found[ring].mean() == pytest.approx(expected[ring].mean(), abs=0.08 * sill)


def test_noise_without_memory_gives_surrogates_without_memory():
    field = np.random.default_rng(6).normal(size=(16, 16))
    kept = np.ones(field.shape, bool)
    drawn = np.concatenate(list(kernel.spatial(field, kept, 64, seed=0)), axis=1)
    fields = drawn.T.reshape(64, 16, 16)
    lag = np.mean([np.corrcoef(f[:, 1:].ravel(), f[:, :-1].ravel())[0, 1] for f in fields])
    assert abs(lag) < 0.1
