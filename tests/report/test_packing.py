"""Maps in one byte a cell: what comes back is what went in, to half a step."""

import gzip

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from soilscope.report.packing import MISSING, pack, thinned, unpack

numbers = st.floats(-1e300, 1e300) | st.just(np.nan) | st.sampled_from([np.inf, -np.inf])


@given(arrays(float, (2, 3, 4), elements=numbers))
def test_values_come_back_to_half_a_step_and_missing_ones_stay_missing(values):
    packed = pack(values)
    back, hatched = unpack(packed)
    assert hatched is None
    known = np.isfinite(values)
    assert (np.isfinite(back) == known).all()
    for one, out, (scale, offset), at in zip(values, back, packed.scales, known, strict=True):
        room = 0.5 * scale * (1 + 1e-6) + 1e-15 * (abs(offset) + abs(scale))
        assert (np.abs(out[at] - one[at]) <= room).all()


@given(arrays(np.int64, (1, 4, 5), elements=st.integers(1900, 2154)))
def test_whole_numbers_that_span_at_most_254_come_back_unchanged(years):
    back, _ = unpack(pack(years.astype(float)))
    assert (back == years).all()


@given(arrays(bool, (3, 3, 5)))
def test_hatched_cells_come_back(marks):
    values = np.zeros(marks.shape)
    back, hatched = unpack(pack(values, marks))
    assert (hatched == marks).all()
    assert (back == 0).all()


def test_a_byte_a_cell_is_what_the_page_reads():
    values = np.array([[[0.0, 1.27, np.nan], [-1.27, 0.01, np.inf]]])
    packed = pack(values, values > 1)
    raw = np.frombuffer(gzip.decompress(packed.data), np.int8)
    assert raw[:6].tolist() == [0, 127, MISSING, -127, 1, MISSING]
    assert raw[6:].view(np.uint8).tolist() == [0b01000100]
    assert packed.scales[0] == pytest.approx((0.01, 0.0))


def test_every_second_row_and_column_is_kept_from_the_first():
    values = np.arange(2 * 5 * 4.0).reshape(2, 5, 4)
    back, hatched = unpack(thinned(pack(values, values % 3 == 0), 2))
    assert (back == values[:, ::2, ::2]).all()
    assert (hatched == (values % 3 == 0)[:, ::2, ::2]).all()


def test_equal_maps_give_equal_bytes():
    values = np.linspace(0, 1, 60).reshape(1, 6, 10)
    assert pack(values).data == pack(values.copy()).data
