"""Maps in one byte a cell: whole numbers with a scale and an offset for each map, and gzip."""

import gzip
from dataclasses import dataclass
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]
MISSING = -128
STEPS = 254  # between the lowest and the highest value of a map


@dataclass(frozen=True)
class Packed:
    """Maps of one shape: codes of one byte, then one bit a cell where cells can be hatched."""

    data: bytes  # gzip of codes (maps, rows, columns), then of bits, each map from a new byte
    shape: tuple[int, int, int]
    scales: tuple[tuple[float, float], ...]  # (scale, offset) of each map: value = code * s + o
    hatched: bool


def pack(values: Array, hatched: Array | None = None) -> Packed:
    """Pack `values` (maps, rows, columns); what is not finite is missing.

    A map of whole numbers that span at most 254 keeps them; any other map is cut into 254 steps,
    so that a value is off by half a step at most.

    >>> packed = pack(np.array([[[0.0, 0.5, np.nan]]]))
    >>> unpack(packed)[0].round(3).tolist()
    [[[0.0, 0.5, nan]]]
    """
    codes: Array = np.full(values.shape, MISSING, np.int8)
    scales = []
    for code, one in zip(codes, np.asarray(values, float), strict=True):
        known = np.isfinite(one)
        scale, offset = _scale(one[known])
        code[known] = np.rint((one[known] - offset) / scale).clip(-STEPS // 2, STEPS // 2)
        scales.append((scale, offset))
    return Packed(
        _zipped(codes, hatched), (codes.shape[0], codes.shape[1], codes.shape[2]), tuple(scales),
        hatched is not None,
    )  # fmt: skip


def _scale(known: Array) -> tuple[float, float]:
    if known.size == 0:
        return 1.0, 0.0
    low, high = float(known.min()), float(known.max())
    if high - low <= STEPS and bool((known == np.rint(known)).all()):
        return 1.0, float(np.floor((low + high) / 2))
    scale = (high / 2 - low / 2) / (STEPS / 2)
    return (scale, low / 2 + high / 2) if scale > 0 else (1.0, low)


def _zipped(codes: Array, hatched: Array | None) -> bytes:
    bits = b"" if hatched is None else np.packbits(hatched.reshape(len(codes), -1), axis=1)
    return gzip.compress(codes.tobytes() + bytes(bits), compresslevel=6, mtime=0)


def _codes(packed: Packed) -> tuple[Array, Array | None]:
    count, rows, cols = packed.shape
    raw = np.frombuffer(gzip.decompress(packed.data), np.uint8)
    size = count * rows * cols
    codes = raw[:size].view(np.int8).reshape(packed.shape)
    if not packed.hatched:
        return codes, None
    bits = np.unpackbits(raw[size:].reshape(count, -1), axis=1, count=rows * cols)
    return codes, bits.reshape(packed.shape).astype(bool)


def unpack(packed: Packed) -> tuple[Array, Array | None]:
    """Return values (maps, rows, columns) and the cells that are hatched, as the page does."""
    codes, hatched = _codes(packed)
    scale, offset = np.array(packed.scales).T[:, :, None, None]
    return np.where(codes == MISSING, np.nan, codes * scale + offset), hatched


def thinned(packed: Packed, every: int) -> Packed:
    """Keep each `every`-th row and column, from the first."""
    if every == 1:
        return packed
    codes, hatched = (None if a is None else a[:, ::every, ::every] for a in _codes(packed))
    assert codes is not None
    data = _zipped(codes, hatched)
    return Packed(data, (codes.shape[0], codes.shape[1], codes.shape[2]), packed.scales,
                  packed.hatched)  # fmt: skip
