"""Fields of bits beside the digits that Python writes."""

import numpy as np
import pytest

from soilscope.kernels.bits import NO_FIELD, bit_field


def by_digits(value, first, last):
    digits = f"{int(value):064b}"[::-1]  # the lowest bit first
    return int(digits[first : last + 1][::-1], 2)


@pytest.mark.parametrize("dtype", ["u1", "u2", "i2", "i4", "f4", "f8"])
@pytest.mark.parametrize(("first", "last"), [(0, 0), (0, 1), (2, 5), (6, 7), (7, 7), (0, 7)])
def test_fields_are_the_digits_of_the_number(first, last, dtype):
    values = np.arange(256) % (128 if dtype == "i1" else 256)
    found = bit_field(values.astype(dtype), first, last)
    assert found.dtype == np.int64
    assert found.tolist() == [by_digits(v, first, last) for v in values]


def test_high_bits_of_wide_numbers_count():
    values = np.array([1 << 31, (1 << 31) + (5 << 12), 2**52 + 1])
    assert bit_field(values, 31, 31).tolist() == [1, 1, 0]
    assert bit_field(values.astype(float), 12, 14).tolist() == [0, 5, 0]
    assert bit_field(values, 0, 52).tolist() == values.tolist()


def test_what_is_no_whole_number_from_0_on_has_no_field():
    odd = np.array([np.nan, np.inf, -np.inf, -1.0, 0.5, 2.0**53, 3.0])
    assert bit_field(odd, 0, 1).tolist() == [NO_FIELD] * 6 + [3]
    assert bit_field(np.array([-2, 2], dtype=np.int16), 1, 1).tolist() == [NO_FIELD, 1]


def test_flags_are_a_field_of_one_bit_and_any_shape_stays():
    assert bit_field(np.array([[True], [False]]), 0, 0).tolist() == [[1], [0]]
    assert bit_field(np.empty((0, 3)), 0, 3).shape == (0, 3)
