"""Masks from the quality layers of satellite products, by fields of bits."""

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import require_numeric, same_along
from soilscope.errors import InputError
from soilscope.kernels.bits import bit_field

Data = TypeVar("Data", xr.DataArray, xr.Dataset)
Rules = tuple[tuple[int, int, tuple[int, ...], bool], ...]  # first bit, last, values, keep them?

_LAST = 31


def mask_by_bits(
    da: Data,
    quality: xr.DataArray,
    *,
    keep: Mapping[str, Sequence[int]] | None = None,
    drop: Mapping[str, Sequence[int]] | None = None,
) -> Data:
    """Keep the values whose quality layer says that they are good.

    Parameters
    ----------
    da
        Data of any units. In a Dataset, variables without the dimensions of `quality` pass through.
    quality
        Numbers of the quality layer as they are stored, on the coordinates of `da` (1); it may lack
        some of the dimensions of `da`.
    keep
        Bits -> values that are good. Bits are counted from 0, the lowest: ``{"0-1": [0, 1]}`` keeps
        what has 0 or 1 in its two lowest bits. All conditions must hold.
    drop
        Bits -> values that are bad, as in ``{"2": [1]}``: one of them is enough.

    Returns
    -------
    same type as `da`
        Missing (NaN; -1 in signed codes) where a condition fails, and where the quality itself is
        missing, negative or no whole number: a quality that was interpolated between cells says
        nothing. Attributes stay; ``quality_control`` says what was kept.

    Raises
    ------
    InputError
        If neither condition is given, bits are not written as above, values do not fit into them,
        `quality` has fewer bits or lies on other coordinates.

    References
    ----------
    Bit fields of MODIS land surface temperature: Wan (2013), Collection-6 MODIS Land Surface
    Temperature Products Users' Guide; https://doi.org/10.5067/MODIS/MOD11A1.061

    Examples
    --------
    MODIS land surface temperature with an error of at most 2 K (bits 6 and 7: 0 or 1):

    >>> lst = xr.DataArray([21.0, 22.0, 23.0], dims="time", attrs={"units": "degC"})
    >>> qc = xr.DataArray(np.array([0, 65, 129], "uint8"), dims="time")
    >>> mask_by_bits(lst, qc, keep={"0-1": [0, 1], "6-7": [0, 1]}).values.tolist()
    [21.0, 22.0, nan]
    """
    require_numeric(quality, name="quality")
    rules = (*_rules(keep, good=True, name="keep"), *_rules(drop, good=False, name="drop"))
    if not rules:
        raise InputError('mask_by_bits needs keep or drop, as in keep={"0-1": [0, 1]}.')
    _require_bits(quality, rules)
    good: xr.DataArray = xr.apply_ufunc(
        _good,
        quality.reset_coords(drop=True),
        kwargs={"rules": rules},
        dask="parallelized",
        output_dtypes=[np.bool_],
        keep_attrs=False,
    )
    told = "; ".join(_said(rule) for rule in rules)
    if isinstance(da, xr.DataArray):
        return _masked(da, good, told)
    own = set(quality.dims)
    masked = {
        name: _masked(variable, good, told) if own <= set(variable.dims) else variable
        for name, variable in da.data_vars.items()
    }
    return da.assign(masked)


def _rules(given: Mapping[str, Sequence[int]] | None, *, good: bool, name: str) -> Rules:
    rules = []
    for bits, values in (given or {}).items():
        match = re.fullmatch(r"\s*(\d+)\s*(?:-\s*(\d+)\s*)?", str(bits))
        first = int(match[1]) if match else _LAST + 1
        last = int(match[2]) if match and match[2] else first
        if not 0 <= first <= last <= _LAST:
            raise InputError(
                f"{name} names the bits {bits!r}; write one bit or the lowest and the highest of a "
                f'field, from 0 to {_LAST}, as in {{"0-1": [0, 1]}}.'
            )
        listed: tuple[Any, ...] = tuple(values) if isinstance(values, Sequence) else (values,)
        highest = 2 ** (last - first + 1) - 1
        for value in listed:
            if isinstance(value, str) or value != int(value) or not 0 <= value <= highest:
                raise InputError(
                    f"{name} lists {value!r} for the bits {bits}, which hold whole numbers from 0 "
                    f"to {highest}."
                )
        rules.append((first, last, tuple(map(int, listed)), good))
    return tuple(rules)


def _require_bits(quality: xr.DataArray, rules: Rules) -> None:
    """Refuse bits that the stored type does not have."""
    n_bits = 8 * quality.dtype.itemsize - (quality.dtype.kind == "i")
    for first, last, _, _ in rules:
        if quality.dtype.kind in "iu" and last >= n_bits:
            raise InputError(
                f"quality holds {quality.dtype}, with the bits 0 to {n_bits - 1}, and the bits "
                f"{first}-{last} are asked for; look into the product's table of bits."
            )


def _good(quality: npt.NDArray[Any], *, rules: Rules) -> npt.NDArray[np.bool_]:
    good = np.ones(quality.shape, dtype=np.bool_)
    for first, last, values, keep in rules:
        field = bit_field(quality, first, last)
        good &= (np.isin(field, values) == keep) & (field >= 0)
    return good


def _masked(da: xr.DataArray, good: xr.DataArray, told: str) -> xr.DataArray:
    for dim in good.dims:
        if dim not in da.dims or not same_along(da, good, dim):
            raise InputError(
                f"da and quality differ along {dim!r}; bring them together first, with "
                'xarray.align(..., join="inner").'
            )
    plain = good.drop_vars([str(c) for c in good.coords if c not in good.dims])
    masked = da.where(plain, -1) if da.dtype.kind == "i" else da.where(plain)
    before = da.attrs.get("quality_control")
    done = f"{before}; {told}" if before else told
    masked = masked.transpose(*da.dims).astype(da.dtype if da.dtype.kind == "i" else masked.dtype)
    return masked.assign_attrs(da.attrs | {"quality_control": done})


def _said(rule: tuple[int, int, tuple[int, ...], bool]) -> str:
    first, last, values, keep = rule
    bits = f"bit {first}" if first == last else f"bits {first}-{last}"
    return f"{bits} {'kept' if keep else 'dropped'}: {', '.join(map(str, values))}"
