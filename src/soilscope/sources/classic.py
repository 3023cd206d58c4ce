"""The size that a classic NetCDF file must have, from its header.

The NetCDF library returns zeros where such a file was cut off; the header tells how long it is.
Layout: https://docs.unidata.ucar.edu/netcdf-c/current/file_format_specifications.html
"""

import math
import struct
from pathlib import Path
from typing import BinaryIO

_TYPE_BYTES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 4, 6: 8, 7: 1, 8: 2, 9: 4, 10: 8, 11: 8}
_STREAMING = {4: 0xFFFFFFFF, 8: 0xFFFFFFFFFFFFFFFF}


def expected_size(path: Path) -> int:
    """Return the bytes up to the end of the last value (0 if the number of records is open)."""
    with path.open("rb") as file:
        return _Header(file).end()


class _Header:
    """Reads a header from its start; CDF-5 counts in 8 bytes, CDF-1 has offsets of 4 bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self.file = file
        version = self._read(4)[3]
        self.count_bytes = 8 if version == 5 else 4
        self.offset_bytes = 4 if version == 1 else 8

    def end(self) -> int:
        n_records = self._count()
        if n_records == _STREAMING[self.count_bytes]:
            n_records = 0
        dims = self._dims()
        self._attributes()
        fixed, records = self._variables(dims)
        ends = [begin + size for begin, size in fixed]
        if n_records and records:
            # a single record variable is not padded between its records
            padded = [size if len(records) == 1 else -(-size // 4) * 4 for _, size in records]
            stride = sum(padded)
            ends += [begin + (n_records - 1) * stride + size for begin, size in records]
        return max(ends, default=0)

    def _variables(self, dims: list[int]) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
        fixed, records = [], []
        for _ in range(self._list()):
            self._name()
            shape = [dims[self._count()] for _ in range(self._count())]
            self._attributes()
            item = _TYPE_BYTES[self._integer(4)]
            self._count()  # vsize, which overflows for large variables
            begin = self._integer(self.offset_bytes)
            if shape and shape[0] == 0:
                records.append((begin, item * math.prod(shape[1:])))
            else:
                fixed.append((begin, item * math.prod(shape)))
        return fixed, records

    def _dims(self) -> list[int]:
        lengths = []
        for _ in range(self._list()):
            self._name()
            lengths.append(self._count())
        return lengths

    def _attributes(self) -> None:
        for _ in range(self._list()):
            self._name()
            item = _TYPE_BYTES[self._integer(4)]
            self._read(-(-item * self._count() // 4) * 4)

    def _name(self) -> None:
        self._read(-(-self._count() // 4) * 4)

    def _list(self) -> int:
        self._integer(4)  # the tag of the list
        return self._count()

    def _count(self) -> int:
        return self._integer(self.count_bytes)

    def _integer(self, n_bytes: int) -> int:
        value: int = struct.unpack(">I" if n_bytes == 4 else ">Q", self._read(n_bytes))[0]
        return value

    def _read(self, n_bytes: int) -> bytes:
        data = self.file.read(n_bytes)
        if len(data) < n_bytes:
            raise EOFError("the header is cut off")
        return data
