"""The values of a cube as they are read: damage is told with its file, and values are counted."""

import json
from collections.abc import Mapping
from typing import Any

import xarray as xr

from soilscope.errors import SourceError
from soilscope.sources.ranges import RangeCount, count_range, refuse_infinite


def sources_of(cube: xr.Dataset) -> tuple[Mapping[str, Any], ...]:
    """Read back what `join_inputs` noted of each input."""
    return tuple(json.loads(cube.attrs["sources"]))


def read_slab(block: xr.Dataset) -> xr.Dataset:
    """Read one slab of the cube; damage is refused with the file that it lies in."""
    try:
        return block.compute(scheduler="synchronous")
    except (OSError, RuntimeError, ValueError) as error:
        raise SourceError(
            f"{_damaged_files(block)} cannot be read to its end; it may be truncated or damaged: "
            f"download or write it again ({_first_line(error)})."
        ) from error


def count_slab(block: xr.Dataset) -> dict[str, dict[str, float]]:
    """Count the values of one slab of the cube; infinite ones are refused."""
    counts = count_range(block)
    for name, count in counts.items():
        refuse_infinite({name: count}, file=_files_of(name, block))
    return {name: vars(count) for name, count in counts.items()}


def counts_of(sources: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    """Read back what `join_counts` noted of each variable."""
    return {
        name: about["counts"]
        for source in sources
        for name, about in source["variables"].items()
        if about.get("counts")
    }


def join_counts(
    sources: tuple[Mapping[str, Any], ...], slabs: list[dict[str, Any]]
) -> tuple[Mapping[str, Any], ...]:
    """Put the counts of all slabs beside the variables of the sources."""
    total: dict[str, RangeCount] = {}
    for slab in slabs:
        for name, count in slab.items():
            total[name] = total.get(name, RangeCount()) + RangeCount(**count)
    return tuple(
        {
            **source,
            "variables": {
                name: {**about, "counts": vars(total[name]) if name in total else None}
                for name, about in source["variables"].items()
            },
        }
        for source in sources
    )


def implausible(sources: tuple[Mapping[str, Any], ...], *, told: list[str]) -> list[str]:
    """Say which variables hold values outside their plausible range, unless it is `told`."""
    texts = []
    for source in sources:
        for name, about in source["variables"].items():
            counts = RangeCount(**(about["counts"] or {}))
            outside = counts.below + counts.above
            if outside and not any(text.startswith(f"{name} in ") for text in told):
                texts.append(
                    f"{name} in {', '.join(source['files'][:2]) or source['name']} holds "
                    f"{counts.lowest:g} to {counts.highest:g} {about.get('units', '')} "
                    f"({outside} of {counts.valid} values outside the plausible range); if they "
                    f"are wrong, write variables: {{{name}: {{valid: [lowest, highest]}}}}."
                )
    return texts


def _damaged_files(block: xr.Dataset) -> str:
    """Name the files of the first variable that cannot be read."""
    for name, da in block.data_vars.items():
        try:
            da.compute(scheduler="synchronous")
        except (OSError, RuntimeError, ValueError):
            return _files_of(str(name), block)
    return "an input"


def _files_of(variable: str, cube: xr.Dataset) -> str:
    """Name the files that a variable of the cube was read from."""
    for source in sources_of(cube):
        if variable in source["variables"] and source["files"]:
            first, *others = source["files"]
            return f"{first} (or {len(others)} more files)" if others else str(first)
    return "the inputs"


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0][:160]
