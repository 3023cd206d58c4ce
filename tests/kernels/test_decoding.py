"""Stored numbers to values: against NumPy, step by step in the precision of the values."""

import numpy as np
import pytest

from soilscope.kernels.decoding import decode

EVERYTHING = (-np.inf, np.inf)


def decoded(stored, dtype, *, missing=(), valid=EVERYTHING, linear=(1.0, 0.0, 1.0, 0.0)):
    out = np.empty(stored.size, dtype)
    kind = "f4" if stored.dtype == np.float32 else "f8"
    low, high = np.array(valid, kind)
    decode(stored, np.array(missing, kind), low, high, tuple(np.array(linear, dtype)), out)
    return out


@pytest.mark.parametrize(
    ("stored", "values"),
    [("i2", "f4"), ("u1", "f4"), ("i4", "f8"), ("f4", "f4"), ("f8", "f8")],
)
def test_every_step_is_rounded_as_by_itself(stored, values):
    numbers = np.random.default_rng(0).integers(0, 200, 300).astype(stored)
    linear = (0.0017, -0.3, 0.01, 5.25)
    expected = numbers.astype(values)
    for number, step in zip(linear, (np.multiply, np.add) * 2, strict=True):
        expected = step(expected, np.dtype(values).type(number))
    np.testing.assert_array_equal(decoded(numbers, values, linear=linear), expected)


def test_missing_and_invalid_numbers_are_told_as_stored():
    numbers = np.array([-999, -10, -3, 0, 7, 8, 32767], "i2")
    values = decoded(numbers, "f4", missing=(-999, 7), valid=(-3, 100), linear=(2, 1, 1, 0))
    np.testing.assert_array_equal(
        values, np.array([np.nan, np.nan, -5, 1, np.nan, 17, np.nan], "f4")
    )


def test_a_missing_number_of_single_precision_is_its_nearest():
    numbers = np.array([-9999.9, 0.1, np.nan, np.inf], "f4")
    values = decoded(numbers, "f4", missing=(-9999.9,))
    np.testing.assert_array_equal(values, np.array([np.nan, 0.1, np.nan, np.inf], "f4"))


@pytest.mark.jit
def test_numbers_beyond_one_strip_are_the_same():
    numbers = (np.arange(10_000) % 500).astype("i2")
    expected = numbers.astype("f4") * np.float32(0.001)
    expected[numbers == 13] = np.nan
    values = decoded(numbers, "f4", missing=(13,), linear=(1, 0, 0.001, 0))
    np.testing.assert_array_equal(values, expected)
