"""The blending kernel by hand: three pairs, one gap of the first series, one of both."""

import numpy as np
import pytest

from soilscope.kernels.blend import blend


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_a_gap_is_filled_on_the_line_of_the_pairs(dtype):
    nan = np.nan
    first = np.array([[0.1], [0.2], [0.3], [nan], [nan], [np.inf]], dtype)
    second = np.array([[1.0], [2.0], [3.0], [4.0], [nan], [-9.0]], dtype)
    gain, mean_p, mean_s = (np.empty((1, 1)) for _ in range(3))
    n_obs, outside = np.empty((1, 1), np.int64), np.empty(1, np.int64)
    values, source = np.empty_like(first), np.empty(first.shape, np.int8)
    season = np.zeros(6, np.int64)
    blend(first, second, season, 3, gain, mean_p, mean_s, n_obs, values, source, outside)
    assert (n_obs[0, 0], outside[0]) == (3, 1)  # -9 becomes -0.9
    assert source[:, 0].tolist() == [0, 0, 0, 1, -1, 1]
    np.testing.assert_allclose(values[:, 0], [0.1, 0.2, 0.3, 0.4, nan, -0.9], rtol=1e-5)
    blend(first, second, season, 4, gain, mean_p, mean_s, n_obs, values, source, outside)
    assert source[:, 0].tolist() == [0, 0, 0, -1, -1, -1]
