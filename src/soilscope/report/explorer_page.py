"""The maps that a page carries for its readers, within the size that the page may have."""

import base64
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from soilscope.report.explorer import Stack
from soilscope.report.packing import Packed, thinned
from soilscope.report.style import MASKED
from soilscope.report.words import listed

THINNEST = 4  # every fourth row and column still shows where something is


@dataclass(frozen=True)
class Explorer:
    """What the page needs to let its readers explore: the data, and what was left out."""

    data: str  # JSON, safe inside of a script element; nothing where no map fits
    note: str  # what was thinned or left out; nothing where all is there


def choose(stacks: Sequence[Stack], *, room: int, limit: str) -> Explorer | None:
    """Choose what fits into `room` bytes; `limit` says in words what the page may have.

    All maps are taken whole if they fit; else every second, third or fourth row and column of all
    of them; else as many figures as fit at every fourth, in the order of the page.
    """
    if not stacks:
        return None
    for every in range(1, THINNEST + 1):
        fewer = [_thin(stack, every) for stack in stacks]
        data = payload(fewer)
        if len(data) <= room:
            return Explorer(data, _thinned_note(every, limit))
    kept: list[Stack] = []
    for stack in fewer:
        if len(payload([*kept, stack])) <= room:
            kept.append(stack)
    lost = listed([stack.title for stack in fewer if stack not in kept])
    note = f"Left out, to keep this page below {limit}: {lost}."
    if not kept:
        return Explorer("", note)
    return Explorer(payload(kept), f"{_thinned_note(THINNEST, limit)} {note}")


def _thin(stack: Stack, every: int) -> Stack:
    """Keep each `every`-th row and column of the maps, their coordinates and their zones."""
    grid = stack.grid
    fewer = replace(
        grid, x=grid.x[::every], y=grid.y[::every],
        zone=None if grid.zone is None else thinned(grid.zone, every),
    )  # fmt: skip
    return replace(stack, grid=fewer, maps=thinned(stack.maps, every))


def _thinned_note(every: int, limit: str) -> str:
    word = {2: "second", 3: "third", 4: "fourth"}.get(every)
    if word is None:
        return ""
    return (
        f"To keep this page below {limit}, only every {word} row and column of cells is here; "
        "the figures and the files of results have them all."
    )


def payload(stacks: Sequence[Stack]) -> str:
    """Write maps as JSON that no HTML parser stumbles over."""
    grids = list(dict.fromkeys(stack.grid for stack in stacks))
    palettes = list(dict.fromkeys(stack.colours for stack in stacks))
    whole = {
        "masked": MASKED,
        "grids": [
            {
                "geographic": g.geographic, "shape": round(g.shape, 6), "x": g.x, "y": g.y,
                "zones": g.zones, "zone": None if g.zone is None else _packed(g.zone),
            }
            for g in grids
        ],
        "palettes": ["".join(colours).replace("#", "") for colours in palettes],
        "stacks": [
            {
                "key": s.key, "title": s.title, "label": s.label, "units": s.units,
                "note": s.note, "kind": s.kind, "across": s.across,
                "columns": s.columns, "rows": s.rows,
                "low": s.low, "high": s.high, "extend": s.extend, "names": s.names,
                "grid": grids.index(s.grid), "palette": palettes.index(s.colours),
                **_packed(s.maps),
            }
            for s in stacks
        ],
    }  # fmt: skip
    text = json.dumps(whole, ensure_ascii=True, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c")


def _packed(maps: Packed) -> dict[str, Any]:
    return {
        "scales": maps.scales,
        "hatched": maps.hatched,
        "data": base64.b64encode(maps.data).decode("ascii"),
    }
