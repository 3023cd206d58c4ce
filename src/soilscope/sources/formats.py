"""What a file really is, and how NetCDF and Zarr are opened: lazily, with faults in one line."""

import glob
import warnings
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import xarray as xr

from soilscope.errors import InputError, SourceError, missing_file
from soilscope.sources.classic import expected_size
from soilscope.sources.hdf4 import open_hdf4, require_pyhdf
from soilscope.sources.reading import reading as reading

_MAGIC = (
    (b"\x89HDF\r\n\x1a\n", "hdf5"),
    (b"CDF\x01", "netcdf3"),
    (b"CDF\x02", "netcdf3"),
    (b"CDF\x05", "netcdf3"),
    (b"PAR1", "parquet"),
    (b"II*\x00", "geotiff"),
    (b"MM\x00*", "geotiff"),
    (b"II+\x00", "geotiff"),
    (b"MM\x00+", "geotiff"),
    (b"GRIB", "grib"),
    (b"\x0e\x03\x13\x01", "hdf4"),
    (b"PK\x03\x04", "zip"),
    (b"\x1f\x8b", "gzip"),
)
_WORDS = {
    "hdf5": "NetCDF-4/HDF5",
    "netcdf3": "classic NetCDF",
    "parquet": "Parquet",
    "geotiff": "GeoTIFF",
    "zarr": "Zarr",
    "text": "text",
    "hdf4": "HDF4",
}
_REFUSED = {
    "grib": "GRIB; convert it to NetCDF, with grib_to_netcdf or cfgrib",
    "zip": "a zip archive; unpack it",
    "gzip": "compressed with gzip; unpack it",
    "html": "a web page, probably of a log-in or an error; download the file again",
    "empty": "empty; download or write it again",
    "binary": "binary data of no known format",
}
_EXTENSIONS = {
    ".nc": ("hdf5", "netcdf3"),
    ".nc4": ("hdf5", "netcdf3"),
    ".cdf": ("hdf5", "netcdf3"),
    ".h5": ("hdf5",),
    ".hdf5": ("hdf5",),
    ".hdf": ("hdf4", "hdf5"),
    ".tif": ("geotiff",),
    ".tiff": ("geotiff",),
    ".parquet": ("parquet",),
    ".pq": ("parquet",),
    ".csv": ("text",),
    ".tsv": ("text",),
    ".txt": ("text",),
}


def find_files(paths: str | Path | Sequence[str | Path]) -> list[Path]:
    """Return the files that `paths` names: one path, a list of paths, or patterns with `*`."""
    if not isinstance(paths, (str, Path, Iterable)):
        raise InputError(
            f"paths is {paths!r}; give a file, a list of files, or a pattern, as in 'data/*.nc'."
        )
    listed = [paths] if isinstance(paths, (str, Path)) else list(paths)
    if not listed:
        raise InputError("paths is empty; name at least one file.")
    files: list[Path] = []
    for path in map(str, listed):
        if any(sign in path for sign in "*?[") and not Path(path).exists():
            found = sorted(glob.glob(path, recursive=True))  # noqa: PTH207 (the pattern may be absolute)
            if not found:
                raise SourceError(f"no file fits the pattern {path}.")
            files += map(Path, found)
        elif Path(path).exists():
            files.append(Path(path))
        else:
            raise SourceError(missing_file(Path(path)))
    return files


def file_format(path: Path) -> str:
    """Return the format of `path` by its content; refuse what its name contradicts."""
    found = _sniff(path)
    if found == "gzip" and path.name.endswith((".csv.gz", ".tsv.gz", ".txt.gz")):
        return "text"
    if found in _REFUSED:
        raise SourceError(f"{path} cannot be read: it is {_REFUSED[found]}.")
    if found == "hdf4":
        require_pyhdf(path)
    named = _EXTENSIONS.get(path.suffix.lower())
    if named is not None and found not in named:
        raise SourceError(
            f"{path} is named {path.suffix} but holds {_WORDS[found]}; "
            "rename it, or write it again."
        )
    return found


def open_lazily(path: Path, *, by_hand: Sequence[str] = ()) -> xr.Dataset:
    """Open a NetCDF file, a Zarr store or a grid in HDF4 without reading its values.

    The variables `by_hand` keep their stored numbers; all others are decoded by their attributes.
    Those of HDF4 all keep their stored numbers and the attributes.
    """
    kind = file_format(path)
    if kind == "hdf4":
        return open_hdf4(path)
    if kind not in ("hdf5", "netcdf3", "zarr"):
        raise SourceError(f"{path} holds {_WORDS[kind]}; NetCDF, HDF4 or Zarr is needed here.")
    if kind == "netcdf3":
        require_whole(path)
    options: dict[str, Any] = {"mask_and_scale": dict.fromkeys(by_hand, False)}
    if kind == "zarr":
        options["consolidated"] = None
    engine = {"hdf5": "h5netcdf", "netcdf3": "netcdf4", "zarr": "zarr"}[kind]
    with reading(path), warnings.catch_warnings():
        warnings.simplefilter("ignore", xr.SerializationWarning)  # dates before 1678 and the like
        warnings.filterwarnings("ignore", message="Failed to open Zarr store with consolidated")
        ds = _open(path, engine, options)
    if kind == "hdf5" and not ds.data_vars:
        _refuse_eos5(path)
    return ds


def _refuse_eos5(path: Path) -> None:
    """Refuse HDF-EOS5, whose fields lie in groups."""
    import h5py

    with reading(path), h5py.File(path, "r") as file:
        if "HDFEOS" in file:
            raise SourceError(
                f"{path} is HDF-EOS5 (as of VIIRS), which is not read; order the data as GeoTIFF "
                "or NetCDF from AppEEARS, or convert the file with gdal_translate."
            )


def _open(path: Path, engine: str, options: Mapping[str, Any]) -> xr.Dataset:
    coder = xr.coders.CFDatetimeCoder(time_unit="ns")
    try:
        return xr.open_dataset(
            path, engine=engine, chunks=None, cache=False, decode_times=coder, **options
        )
    except ValueError as fault:
        if "decode time" not in str(fault) and "unable to decode" not in str(fault).lower():
            raise
        return xr.open_dataset(
            path, engine=engine, chunks=None, cache=False, decode_times=False, **options
        )


def require_whole(path: Path) -> None:
    """Refuse a truncated classic file, past whose end the NetCDF library reads zeros."""
    with reading(path):
        expected = expected_size(path)
    actual = path.stat().st_size
    if actual < expected:
        raise SourceError(
            f"{path} is truncated: {actual} of {expected} bytes are there; "
            "download or write it again."
        )


def _sniff(path: Path) -> str:
    if path.is_dir():
        if any((path / name).exists() for name in ("zarr.json", ".zgroup", ".zmetadata")):
            return "zarr"
        raise SourceError(
            f"{path} is a folder and no Zarr store; name its files, as in {path}/*.nc."
        )
    with reading(path), path.open("rb") as file:
        head = file.read(4096)
    if not head:
        return "empty"
    for magic, kind in _MAGIC:
        if head.startswith(magic):
            return kind
    start = head.lstrip()[:15].lower()
    if start.startswith((b"<!doctype html", b"<html")):
        return "html"
    return (
        "binary" if b"\x00" in head and not head.startswith((b"\xff\xfe", b"\xfe\xff")) else "text"
    )
