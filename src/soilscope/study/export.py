"""Results as files that other programs read: which files, and all of each or nothing."""

import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, get_args

import xarray as xr
from odc.geo.crs import CRS

from soilscope.checks import nearest, require_choice
from soilscope.errors import StudyError
from soilscope.grid.crs import crs_of, grid_dims
from soilscope.study.export_list import note_files
from soilscope.study.export_piece import Piece
from soilscope.study.store import CUBE, EXPORT, INPUT, Store

Form = Literal["geotiff", "netcdf", "csv"]


@dataclass
class Exported:
    """What an export has written, and what it had to leave out."""

    folder: Path
    files: list[Path] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)  # results without anything for this form


def export_results(
    root: str | Path,
    *,
    form: Form,
    output: str | Path | None = None,
    steps: Sequence[str] | None = None,
    force: bool = False,
    heard: Callable[[str], None] = lambda _: None,
) -> Exported:
    """Write results of the folder `root` as GeoTIFF, NetCDF or CSV.

    Parameters
    ----------
    root
        Results folder.
    form
        "geotiff" (a file for each variable on a grid), "netcdf" (a file for each result) or "csv"
        (a table for each set of dimensions, and one of its columns).
    output
        Folder to write to; by default `export` in the results folder, and in it one for each form.
        The report links what lies there.
    steps
        Names of results, or steps all of whose results are meant; None takes every analysis.
    force
        Replace files that are there.
    heard
        Called with the name of each file before it is written.

    Raises
    ------
    StudyError
        If `root` is no results folder, a result is unknown or not finished, nothing of it can be
        written in this form, or files exist.
    """
    require_choice(form, get_args(Form), name="--format")
    store = Store(root)
    names = _chosen(store, steps)
    exported = Exported(Path(output) if output is not None else store.root / EXPORT / form)
    pieces: list[Piece] = []
    owners: dict[str, str] = {}  # file -> result
    for name in names:
        made = list(_pieces(store, name, form))
        pieces += made
        owners |= {piece.name: name for piece in made}
        if not made:
            exported.left_out.append(name)
    if not pieces:
        raise StudyError(
            f"{', '.join(names)}: there is no map that a GeoTIFF can hold; give --format netcdf or "
            "--format csv."
        )
    _require_free(exported.folder, pieces, force=force)
    exported.folder.mkdir(parents=True, exist_ok=True)
    part = exported.folder / f".part-{os.getpid()}"
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir()
    try:
        for piece in pieces:
            heard(piece.name)
            piece.write(part / piece.name)
            (part / piece.name).replace(exported.folder / piece.name)
            exported.files.append(exported.folder / piece.name)
    finally:
        shutil.rmtree(part, ignore_errors=True)
        note_files(store, exported.folder, {f.name: owners[f.name] for f in exported.files})
    return exported


def _pieces(store: Store, name: str, form: Form) -> Iterator[Piece]:
    ds = store.open(name, chunks={})
    if form == "csv":
        from soilscope.study.export_csv import csv_pieces

        return csv_pieces(name, ds)
    if form == "netcdf":
        from soilscope.study.export_netcdf import netcdf_pieces

        return netcdf_pieces(name, ds, _crs(store, ds))
    from soilscope.study.export_geotiff import geotiff_pieces

    return geotiff_pieces(name, ds, _crs(store, ds))


def _chosen(store: Store, steps: Sequence[str] | None) -> list[str]:
    """Names of the results that are meant, in the order of the study."""
    there = store.names()
    kinds = {name: store.record(name).step for name in there}
    if steps is None:
        names = [name for name in there if kinds[name] not in (CUBE, INPUT)] or there
    else:
        if not steps:
            raise StudyError(f"--steps names no result; {store.root} has {', '.join(there)}.")
        for step in steps:
            _require_known(store, step, kinds)
        of_kind = set(steps) - kinds.keys()  # a word that is both means the result
        names = [name for name in there if name in steps or kinds[name] in of_kind]
    if not names:
        raise StudyError(f"{store.root} holds no finished result; run the study first.")
    return names


def _require_known(store: Store, step: str, kinds: dict[str, str]) -> None:
    if step in kinds or step in kinds.values():
        return
    if step in store.manifest["results"]:
        raise StudyError(f"{step} is not finished in {store.root}; run the study to make it.")
    known = list(kinds)
    meant = nearest(step, known) or f"; it has {', '.join(known)}."
    raise StudyError(f"{store.root} has no result {step!r}{meant}")


def _require_free(folder: Path, pieces: Sequence[Piece], *, force: bool) -> None:
    if folder.exists() and not folder.is_dir():
        raise StudyError(f"{folder} is a file; give another folder with --output.")
    there = [piece.name for piece in pieces if (folder / piece.name).exists()]
    if there and not force:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        raise StudyError(
            f"{folder} has {there[0]}{more} already, and nothing was written; give --force to "
            "replace, or another folder with --output."
        )


def _crs(store: Store, ds: xr.Dataset) -> CRS | None:
    """Return the reference system of a result: its own, else that of the cube on its cells."""
    dims = grid_dims(ds)
    if dims is None:
        return None
    own = crs_of(ds)
    if own is not None or not store.has(CUBE):
        return own
    cube = store.open(CUBE)
    same = grid_dims(cube) == dims and all(cube.indexes[d].equals(ds.indexes[d]) for d in dims)
    return crs_of(cube) if same else None
