"""Results on disk: one folder a result, written whole or not at all."""

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import MISSING, asdict, dataclass, field, fields, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

import xarray as xr

from soilscope.errors import SoilscopeError, StudyError

CUBE = "cube"  # name and step of the aligned inputs
INPUT = "input"  # step of an input that stands apart
NOTE = "inputs.json"  # beside the cube: what it was made of
EXPORT = "export"  # folder of files for other programs, and in it one for each form
EXPORTED = "made-of.json"  # beside them: the result that each was made of


@dataclass(frozen=True)
class Record:
    """What `step.json` says of a result: how it was made."""

    name: str
    step: str
    inputs: Mapping[str, Any]  # data parameter -> reference (text, or a list of texts)
    options: Mapping[str, Any]  # every option of the step, defaults included
    fingerprint: str
    versions: Mapping[str, str] = field(default_factory=dict)
    seconds: float = 0.0
    finished: str = ""  # ISO date and time, UTC
    warnings: tuple[str, ...] = ()
    slabs: int = 1
    variables: tuple[str, ...] = ()  # data variables in their order (Zarr keeps none)
    sources: tuple[Mapping[str, Any], ...] = ()  # of the cube: product, files, variables, lineage
    tails: tuple[Mapping[str, Any], ...] = ()  # of the cube: folder, and the step it starts at


#: What a record cannot be without.
_GIVEN = tuple(
    f.name for f in fields(Record) if f.default is MISSING and f.default_factory is MISSING
)


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object that soilscope wrote."""
    try:
        value = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise StudyError(
            f"{path} cannot be read ({error}); remove it and run the study again."
        ) from error
    if not isinstance(value, dict):
        raise StudyError(f"{path} holds no JSON object; remove it and run the study again.")
    return value


def write_json(path: Path, value: Mapping[str, Any]) -> None:
    """Write a JSON object so that a reader sees the old file or the new one, never half of it."""
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.write_text(json.dumps(value, indent=1, ensure_ascii=False), encoding="utf-8")
    _patiently(partial(temporary.replace, path))


def _patiently(move: Callable[[], object]) -> None:
    """Move a file or a folder; Windows refuses that while somebody reads in it, such as a scanner.

    Elsewhere a refusal is one of rights, and is told at once.
    """
    for pause in (0.05, 0.2, 1.0, 3.0) if os.name == "nt" else ():
        with suppress(PermissionError):
            move()
            return
        time.sleep(pause)
    move()


def replace_folder(target: Path, new: Path) -> None:
    """Put the folder `new` in the place of `target`, which stays whole if that is refused."""
    old = new.with_name(f"{new.name}.old")
    shutil.rmtree(old, ignore_errors=True)  # of a process that was killed just here
    if target.exists():
        try:
            _patiently(partial(target.rename, old))
        except PermissionError as error:
            raise StudyError(
                f"{target} cannot be replaced ({error.strerror}); close the programs that show a "
                "file of it, and give the same command again."
            ) from error
    _patiently(partial(new.rename, target))
    shutil.rmtree(old, ignore_errors=True)


def _require_keys(value: Mapping[str, Any], keys: tuple[str, ...], path: Path) -> None:
    lacking = [key for key in keys if key not in value]
    if lacking:
        raise StudyError(f"{path} lacks {', '.join(lacking)}; remove it and run the study again.")


class Store:
    """A results folder: `results/<name>/` for whole results, `.work/` for those that grow."""

    def __init__(self, root: Path | str) -> None:
        self.root = Path(root)

    @property
    def manifest(self) -> dict[str, Any]:
        """Title, synthetic flag, period, study text and names of the results, in study order."""
        path = self.root / "manifest.json"
        if not path.is_file():
            raise StudyError(
                f"{self.root} is not a results folder (it has no manifest.json); "
                "give the folder that 'soilscope run' wrote."
            )
        value = read_json(path)
        _require_keys(value, ("study", "title", "results"), path)
        return value

    def write_manifest(self, value: Mapping[str, Any]) -> None:
        """Write `manifest.json`, which only points at the results."""
        write_json(self.root / "manifest.json", value)

    def names(self) -> list[str]:
        """Results that are whole, the cube first, in the order of the study."""
        return [name for name in self.manifest["results"] if self.has(name)]

    def has(self, name: str) -> bool:
        """Whether the result `name` is whole."""
        return (self.folder(name) / "step.json").is_file()

    def record(self, name: str) -> Record:
        """How the result `name` was made."""
        path = self._require(name) / "step.json"
        value = read_json(path)
        _require_keys(value, _GIVEN, path)
        known = {f.name for f in fields(Record)}
        for key in ("warnings", "sources", "variables", "tails"):
            value[key] = tuple(value.get(key, ()))
        return Record(**{key: item for key, item in value.items() if key in known})

    def open(self, name: str, *, chunks: dict[str, int] | None = None) -> xr.Dataset:
        """Open the result `name` lazily; `chunks={}` gives dask arrays in the chunks on disk."""
        folder, record = self._require(name), self.record(name)
        path = folder / "data.zarr"
        if record.tails:
            tails = [(_lazy(folder / tail["folder"]), tail["start"]) for tail in record.tails]
            ds = _joined(_lazy(path, chunks), tails)
        elif chunks is None:  # every slab opens its inputs: metadata are read once
            made = (folder / "step.json").stat().st_mtime_ns
            ds = _opened(str(path), made).copy(deep=False)
        else:
            ds = _whole_in_time(_lazy(path, chunks))
        ordered: xr.Dataset = ds[list(record.variables) or [str(v) for v in ds.data_vars]]
        return ordered

    def work_folder(self, name: str, fingerprint: str) -> Path:
        """Folder in which the result `name` grows; it keeps what a killed run had finished."""
        return self.root / ".work" / f"{name}-{fingerprint[:16]}"

    def publish(self, record: Record, work: Path) -> None:
        """Make a grown result the result `record.name`, replacing an older one of that name."""
        write_json(work / "step.json", asdict(record))
        shutil.rmtree(work / "done", ignore_errors=True)
        target = self.folder(record.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        replace_folder(target, work)

    def append(self, record: Record, work: Path, *, start: int) -> None:
        """Put what has grown behind the first `start` steps of the result `record.name`."""
        folder = self._require(record.name)
        before = [tail for tail in self.record(record.name).tails if tail["start"] < start]
        name = f"{start}-{record.fingerprint[:16]}"
        tails = [*before, {"folder": f"tails/{name}", "start": start}]
        target = folder / "tails" / name
        target.parent.mkdir(exist_ok=True)
        replace_folder(target, work / "data.zarr")
        for path in work.glob("*.json"):
            _patiently(partial(path.replace, folder / path.name))
        write_json(folder / "step.json", asdict(replace(record, tails=tuple(tails))))
        for path in target.parent.iterdir():  # those that the new one begins before
            if f"tails/{path.name}" not in {tail["folder"] for tail in tails}:
                shutil.rmtree(path, ignore_errors=True)

    def clean_work(self) -> None:
        """Remove what unfinished runs of other options left behind."""
        shutil.rmtree(self.root / ".work", ignore_errors=True)

    def damage(self) -> Iterator[str]:
        """Read every result and say which cannot be read to its end."""
        for name in self.names():
            try:
                self.open(name).load()
            except (OSError, RuntimeError, ValueError) as error:
                first = (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
                yield (
                    f"{self.folder(name)} is damaged ({first}); remove this folder and run the "
                    "study again, which makes it anew."
                )

    def folder(self, name: str) -> Path:
        """Folder of the result `name`, whether it is whole or not."""
        return self.root / "results" / name

    def _require(self, name: str) -> Path:
        folder = self.folder(name)
        if not (folder / "step.json").is_file():
            raise StudyError(f"{self.root} holds no result {name!r}; run the study to make it.")
        return folder


def _lazy(path: Path, chunks: dict[str, int] | None = None) -> xr.Dataset:
    ds: xr.Dataset = xr.open_zarr(
        path, consolidated=False, chunks=chunks or {}, decode_timedelta=False
    )
    return ds


def _joined(base: xr.Dataset, tails: list[tuple[xr.Dataset, int]]) -> xr.Dataset:
    """Put each tail in the place of the steps from its own start on; the rest is the base's."""
    whole = base
    for tail, start in tails:
        dated = whole[list(tail.data_vars)].isel(time=slice(start))
        whole = xr.concat(
            [dated, tail],
            "time",
            data_vars="minimal",
            coords="minimal",
            compat="override",
            join="override",
            combine_attrs="override",
        ).assign_attrs(tail.attrs)
    undated = [str(name) for name, da in base.data_vars.items() if "time" not in da.dims]
    return whole.chunk(time=-1).assign({name: base[name] for name in undated})


def _whole_in_time(ds: xr.Dataset) -> xr.Dataset:
    """Join chunks along time: long series are stored in several, and needed whole.

    Fields of days are, numbers of days beside them are not: each variable has chunks of its own.
    """
    split = any(len(one.chunksizes.get("time", ())) > 1 for one in ds.variables.values())
    return ds.chunk(time=-1) if split else ds


@lru_cache(maxsize=32)
def _opened(path: str, made: int) -> xr.Dataset:  # noqa: ARG001  (made is part of the key)
    """Open a result, whose values stay on disk; `made` tells a new one of the same name."""
    return xr.open_dataset(
        path, engine="zarr", consolidated=False, chunks=None, cache=False, decode_timedelta=False
    )


@contextmanager
def intact(store: Store) -> Iterator[None]:
    """Where reading a result failed, name the results that are damaged on disk."""
    try:
        yield
    except SoilscopeError:
        raise
    except (RuntimeError, FileNotFoundError, ValueError) as error:
        damage = list(store.damage())
        if not damage:
            raise
        raise StudyError(*damage) from error
