"""Spatial surrogates: what is kept of the noise changes no draw."""

import pickle

import numpy as np
import pytest
from scipy import fft

from soilscope.kernels import detector_surrogates
from soilscope.kernels.detector_surrogates import Noise, spatial

ROWS, COLUMNS = np.mgrid[:20, :16]
FIELD = np.sin(ROWS / 4.0) + np.cos(COLUMNS / 3.0)
KEPT = np.hypot(ROWS - 10, COLUMNS - 8) < 8


def drawn(noise, field=FIELD, n=20):
    return np.concatenate(list(spatial(field, KEPT, n, noise)), axis=1)


def test_a_surrogate_is_white_noise_filtered_on_a_torus():
    amplitude, shape = detector_surrogates._amplitude(FIELD, KEPT)
    white = np.random.default_rng(7).standard_normal(shape, dtype=np.float32)
    expected = fft.irfft2(fft.rfft2(white) * amplitude * np.float32(white.size), shape)
    np.testing.assert_allclose(drawn(7)[:, 0], expected[:20, :16][KEPT], atol=1e-5)


def test_fields_that_share_their_noise_get_the_draws_that_each_would_get_alone():
    noise = Noise(3)
    first, other, again = (drawn(noise, field) for field in (FIELD, FIELD**2, FIELD))
    np.testing.assert_array_equal(first, drawn(3))
    np.testing.assert_array_equal(other, drawn(3, FIELD**2))
    np.testing.assert_array_equal(again, first)


@pytest.mark.parametrize("kept", [0, 5, 19])
def test_noise_that_is_not_kept_is_drawn_anew(monkeypatch, kept):
    whole = drawn(3)
    size = next(Noise(3).spectra((40, 32), 1)).nbytes
    monkeypatch.setattr(detector_surrogates, "HELD", kept * size)
    noise = Noise(3)
    np.testing.assert_array_equal(drawn(noise), whole)
    np.testing.assert_array_equal(drawn(noise), whole)
    assert len(noise._kept) == kept


def test_noise_on_another_grid_begins_anew():
    noise = Noise(3)
    list(noise.spectra((6, 6), 2))
    np.testing.assert_array_equal(drawn(noise), drawn(3))


def test_noise_that_is_sent_elsewhere_is_the_same():
    noise = Noise(3)
    whole = drawn(noise)
    sent = pickle.loads(pickle.dumps(noise))
    assert sent._kept == []
    np.testing.assert_array_equal(drawn(sent), whole)
