"""Chunks follow the file: tiles whole in time, or fields whole in space."""

import numpy as np

from soilscope.sources.chunks import chunk_sizes

DIMS, SHAPE = ("time", "latitude", "longitude"), (756, 300, 400)


def test_a_tiled_file_is_read_in_tiles_that_are_whole_in_time():
    time, y, x = chunk_sizes(DIMS, SHAPE, (12, 50, 50), "auto")
    assert time == (756,)
    assert y[0] % 50 == 0
    assert x[0] % 50 == 0
    assert 756 * y[0] * x[0] * 8 <= 32 * 2**20


def test_a_file_of_whole_fields_is_read_in_blocks_of_time():
    time, y, x = chunk_sizes(DIMS, SHAPE, (1, 300, 400), "auto")
    assert (y, x) == ((300,), (400,))
    assert 1 < len(time) < 756
    assert time[0] * 300 * 400 * 8 <= 32 * 2**20


def test_a_small_file_is_one_chunk():
    assert chunk_sizes(("time", "site"), (516, 6), (516, 6), "auto") == ((516,), (6,))


def test_chunks_that_are_asked_for_are_given():
    sizes = chunk_sizes(DIMS, SHAPE, (12, 50, 50), {"time": 10, "latitude": -1, "longitude": 7})
    assert sizes[0][0] == 10
    assert sizes[1] == (300,)
    assert np.sum(sizes[2]) == 400
