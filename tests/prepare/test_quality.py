"""Masks by fields of bits: against the product's own table, on any type, grid and chunking."""

import dask.array
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope import mask_by_bits
from soilscope.errors import InputError
from soilscope.kernels.bits import bit_field


def series(values, **attrs):
    return xr.DataArray(values, dims="time", attrs=attrs)


def ones(n):
    return series(np.ones(n), units="degC", lineage='["MODIS LST"]')


def kept(numbers, *, dtype="uint8", **rules):
    quality = series(np.array(numbers, dtype))
    return np.isfinite(mask_by_bits(ones(len(numbers)), quality, **rules).values).tolist()


def test_bits_are_read_as_the_users_guide_of_modis_lst_writes_them():
    # 0b10010001: LST error <= 3 K (10), emissivity error <= 0.02 (01), data quality 00, other (01)
    number = np.array([0b10010001], "uint8")
    assert [bit_field(number, a, b).item() for a, b in ((0, 1), (2, 3), (4, 5), (6, 7))] == [
        1,
        0,
        1,
        2,
    ]


@given(st.integers(0, 2**31 - 1), st.integers(0, 31), st.integers(0, 31))
def test_a_field_is_a_slice_of_the_binary_number(number, one, other):
    first, last = sorted((one, other))
    digits = f"{number:032b}"[::-1]
    expected = int(digits[first : last + 1][::-1], 2)
    for dtype in ("int64", "float64", "uint32"):
        assert bit_field(np.array([number], dtype), first, last).item() == expected


def test_all_that_is_kept_must_hold_and_nothing_that_is_dropped():
    numbers = [0b00, 0b01, 0b10, 0b11, 0b101]
    assert kept(numbers, keep={"0-1": [0, 1]}) == [True, True, False, False, True]
    assert kept(numbers, drop={"2": [1]}) == [True, True, True, True, False]
    assert kept(numbers, keep={"0-1": [0, 1]}, drop={"2": [1]}) == [True, True, False, False, False]


@given(st.lists(st.integers(0, 255), min_size=1, max_size=20))
def test_what_is_kept_and_what_is_dropped_by_one_rule_are_complements(numbers):
    one = kept(numbers, keep={"3-5": [1, 6]})
    other = kept(numbers, drop={"3-5": [1, 6]})
    assert [not flag for flag in one] == other


def test_missing_negative_and_interpolated_quality_is_dropped():
    numbers = [0.0, np.nan, -1.0, 0.5, np.inf, 64.0]
    assert kept(numbers, dtype="float64", keep={"0-1": [0]}) == [True, *[False] * 4, True]
    assert kept([-2, 0], dtype="int16", keep={"0": [0]}) == [False, True]  # ...110 in bits


def test_attributes_stay_and_say_what_was_kept():
    quality = series(np.array([0, 255], "uint8"))
    found = mask_by_bits(ones(2), quality, keep={"6-7": [0, 1]}, drop={"2": [1]})
    assert found.attrs["units"] == "degC"
    assert found.attrs["lineage"] == '["MODIS LST"]'
    assert found.attrs["quality_control"] == "bits 6-7 kept: 0, 1; bit 2 dropped: 1"
    again = mask_by_bits(found, quality, keep={"0": [0]})
    assert again.attrs["quality_control"].endswith("dropped: 1; bit 0 kept: 0")


def test_codes_become_minus_one_and_keep_their_type():
    codes = series(np.array([5, 7], "int16"))
    found = mask_by_bits(codes, series(np.array([0, 1], "uint8")), keep={"0": [0]})
    assert found.dtype == "int16"
    assert found.values.tolist() == [5, -1]


def test_a_dataset_passes_what_the_quality_does_not_cover():
    ds = xr.Dataset({"lst": ones(2), "elevation": ((), 3.0)})
    found = mask_by_bits(ds, series(np.array([0, 1], "uint8")), keep={"0": [0]})
    assert np.isnan(found.lst.values[1])
    assert found.elevation.item() == 3.0


def test_lazy_data_stay_lazy_in_any_chunks_and_order():
    rng = np.random.default_rng(3)
    da = xr.DataArray(rng.random((6, 4, 5)), dims=("time", "y", "x"))
    quality = xr.DataArray(rng.integers(0, 256, (6, 4, 5)).astype("uint8"), dims=da.dims)
    expected = mask_by_bits(da, quality, keep={"6-7": [0, 1]})
    lazy = mask_by_bits(
        da.chunk(time=1), quality.chunk(x=2).transpose("x", "time", "y"), keep={"6-7": [0, 1]}
    )
    assert isinstance(lazy.data, dask.array.Array)
    assert lazy.dims == da.dims
    xr.testing.assert_identical(lazy.compute(), expected)


def test_a_quality_without_time_masks_every_time():
    da = xr.DataArray(np.ones((2, 3)), dims=("time", "x"))
    quality = xr.DataArray(np.array([0, 1, 0], "uint8"), dims="x")
    found = mask_by_bits(da, quality, keep={"0": [0]})
    assert np.isfinite(found.values).tolist() == [[True, False, True]] * 2


@pytest.mark.parametrize(
    ("rules", "words"),
    [
        ({}, "needs keep or drop"),
        ({"keep": {"low": [0]}}, "names the bits 'low'; write one bit"),
        ({"keep": {"3-1": [0]}}, "names the bits '3-1'"),
        ({"keep": {"0-1": [4]}}, "lists 4 for the bits 0-1, which hold whole numbers from 0 to 3"),
        ({"drop": {"0-1": ["01"]}}, "lists '01'"),
        ({"keep": {"8-9": [0]}}, "holds uint8, with the bits 0 to 7, and the bits 8-9"),
    ],
)
def test_rules_that_cannot_be_meant_are_refused(rules, words):
    with pytest.raises(InputError, match=words):
        mask_by_bits(ones(1), series(np.array([0], "uint8")), **rules)


def test_quality_of_other_times_is_refused():
    days = xr.date_range("2001-01-01", periods=2)
    da = ones(2).assign_coords(time=days)
    quality = series(np.array([0, 0], "uint8")).assign_coords(time=days + np.timedelta64(1, "D"))
    with pytest.raises(InputError, match="da and quality differ along 'time'"):
        mask_by_bits(da, quality, keep={"0": [0]})
