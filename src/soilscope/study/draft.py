"""A commented study file, written from what a survey found."""

import json
import math
import os
import re
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from soilscope.errors import StudyError
from soilscope.study.choice import SHORTEST, Choice, Part, choose
from soilscope.study.draft_analyses import analyses_text
from soilscope.study.recognise import Extent, Known, Plain
from soilscope.study.survey import Survey, endings
from soilscope.study.zone_files import Zones

_WIDTH = 98
_LISTED = 12
_SAFE = re.compile(r"[^\W\d_][\w./:*+=~-]*")
_STEPS = {"month": "monthly", "day": "daily", "other": "finer than monthly"}


def draft(found: Survey, *, output: Path) -> str:
    """Write a study of the data that a survey found, as YAML text with comments.

    Parameters
    ----------
    found
        What lies in the folder of data.
    output
        Where the study will be written: the folder of data is named from there.

    Raises
    ------
    StudyError
        If no soil moisture was found that is long enough.
    """
    choice = choose(found)
    if choice is None:
        raise StudyError(no_soil_moisture(found))
    parts = [
        _head(choice, found, output),
        _place(choice),
        _inputs_text(choice, found),
        analyses_text(choice),
        "report: {formats: [png]}     # add pdf for figures as files of their own\n",
        _rest(choice, found),
    ]
    return "\n".join(parts)


def no_soil_moisture(found: Survey) -> str:
    """Say why there is no study, and what to do."""
    short = [k for k in found.known if "soil_moisture" in k.variables]
    if short:
        ends = ", ".join(f"{k.extent.first} to {k.extent.last}" for k in short[:3])
        return (
            f"the soil moisture in {found.folder} is too short for a study ({ends}): "
            f"{SHORTEST} months are needed. No study was written."
        )
    own = " Declare your own files by hand: docs/how-to/own-data.md." if found.plain else ""
    return (
        f"no soil moisture was found in {found.folder}, and no study was written. 'soilscope "
        f"sources' lists the products and how their files are named.{own}"
    )


def describe(extent: Extent) -> str:
    """Say when, how often, in which layers and cells data are."""
    words = [f"{extent.first} to {extent.last}"] if extent.first else []
    words += [_STEPS[extent.step]] if extent.step in _STEPS else []
    if extent.layers:
        plural = "s" if len(extent.layers) > 1 else ""
        bottom = max(bottom for _, bottom in extent.layers)
        top = min(top for top, _ in extent.layers)
        words.append(f"{len(extent.layers)} layer{plural} ({top:g} to {bottom:g} m)")
    words += [f"cells of {extent.cell}"] if extent.cell else []
    return ", ".join(words)


def quoted(text: str) -> str:
    """Write a text so that YAML reads it back, with quotes where it needs them."""
    return text if _SAFE.fullmatch(text) else json.dumps(text, ensure_ascii=False)


def _head(choice: Choice, found: Survey, output: Path) -> str:
    soil = choice.soil
    title = f"Soil moisture of {soil.product}, {soil.extent.first[:4]} to {soil.extent.last[:4]}"
    lines = [
        *_comment(
            "Drafted by soilscope init from the files in the folder `data` below. Everything here "
            "can be changed; docs/how-to/study-file.md explains every key. Look at what will "
            "happen, then run it:"
        ),
        f"#   soilscope check {output.name}",
        f"#   soilscope run {output.name}",
        "",
        f"title: {quoted(title)}",
        "",
        "roots:",
        "  # The folder of the data, from here. A file in it is written data:its/path.nc.",
        f"  data: {quoted(_root(found.folder, output))}",
        "",
        *_comment("First and last month; left out, all that the soil moisture has."),
        f"# period: [{soil.extent.first}, {soil.extent.last}]",
        "",
    ]
    return "\n".join(lines)


def _root(folder: Path, output: Path) -> str:
    """Name the folder from the study's own, or in full where that is far away."""
    folder, home = folder.resolve(), output.resolve().parent
    try:
        relative = Path(os.path.relpath(folder, home)).as_posix()
    except ValueError:  # another drive
        return folder.as_posix()
    return folder.as_posix() if relative.startswith("../../../") else relative


def _place(choice: Choice) -> str:
    lines = [*_region(choice), ""]
    lines += _comment(
        "All inputs are brought onto the cells of this one: interpolated from coarser cells, "
        "averaged from finer ones."
    )
    lines += [f"grid: {{like: {choice.soil.name}}}", ""]
    lines += [*_calendar(choice), "", *_zones(choice)]
    return "\n".join(lines) + "\n"


def _region(choice: Choice) -> list[str]:
    outer = choice.soil.extent.bounds
    if choice.outline is not None:
        return [
            *_comment("Cells outside of this boundary are left out."),
            f"region: {_vector(choice.outline, named=False)}",
        ]
    inner = choice.zones.bounds if choice.zones else None
    if inner is not None and outer is not None:
        inner = (
            max(inner[0], outer[0]),
            max(inner[1], outer[1]),
            min(inner[2], outer[2]),
            min(inner[3], outer[3]),
        )
    bounds = inner or outer or (104.26, 36.65, 106.98, 39.39)
    west, south = (math.floor(b * 100) / 100 for b in bounds[:2])
    east, north = (math.ceil(b * 100) / 100 for b in bounds[2:])
    region = f"region: [{west:g}, {south:g}, {east:g}, {north:g}]"
    words = "West, south, east, north in degrees; cells outside are left out."
    if inner is not None:
        return [*_comment(f"{words} These are the bounds of the zones."), region]
    return [
        *_comment(f"{words} Left out, all that the inputs cover. It may be a file."),
        f"# {region}",
    ]


def _calendar(choice: Choice) -> list[str]:
    if not choice.is_finer:
        return [*_comment("All inputs are monthly: no calendar is needed."), "# calendar: month"]
    finer = {v for part in choice.inputs if part.extent.step != "month" for v in part.variables}
    keys = ["step: month", "min_share: 0.8"]
    keys += ["how: {ndvi: max}"] if "ndvi" in finer else []
    keys += ["derive: [vpd]"] if choice.derives_vpd else []
    words = "Finer inputs become calendar months; a month needs this share of its days."
    words += " NDVI: the largest value of the month, the least clouded." if len(keys) > 2 else ""
    return [*_comment(words), f"calendar: {{{', '.join(keys)}}}"]


def _zones(choice: Choice) -> list[str]:
    lines = _comment("Zones: parts of the region that get lines, trends and tables of their own.")
    if choice.zones is not None:
        lines += _comment(_names(choice.zones))
        lines.append(f"zones: {_vector(choice.zones)}")
    else:
        lines.append("# zones: {file: data:districts.shp, name: NAME}")
    if choice.more_zones:
        lines += _comment("Other files of polygons:")
    for zones, reason in choice.more_zones[:_LISTED]:
        text = reason or _names(zones)
        lines += [f"# zones: {_vector(zones)}", *_comment(f"  {text}")]
    return lines


def _vector(zones: Zones, *, named: bool = True) -> str:
    keys = [f"file: {quoted(f'data:{zones.file}')}"]
    keys += [f"layer: {quoted(zones.layer)}"] if zones.layer else []
    keys += [f"name: {quoted(zones.column)}"] if zones.column and named else []
    return f"{{{', '.join(keys)}}}"


def _names(zones: Zones) -> str:
    shown = ", ".join(zones.names[:8]) + (" ..." if len(zones.names) > 8 else "")
    return f"{len(zones.names)} zone(s): {shown} (texts read as {zones.encoding})"


def _inputs_text(choice: Choice, found: Survey) -> str:
    lines = [
        *_comment(
            "What the study is made from. 'soilscope sources smci' tells where a product comes "
            "from, what it was made from, and what to know of it."
        ),
        "inputs:",
    ]
    for part in choice.inputs:
        lines += [f"  {line}" for line in _input(part, found)] + [""]
    for part in choice.others:
        lines += _comment(
            "More soil moisture, on layers of its own, to compare with: take the # away; "
            "merge_layers brings both to the same layers, and agreement compares them.",
            indent=2,
        )
        body = [line for line in _input(part, found) if not line.startswith("#")]
        body.insert(2, f"  suffix: {part.product}")
        lines += [f"  # {line}" for line in body] + [""]
    unknown = [plain for plain in found.plain if plain.kind]
    if unknown:
        lines += _comment(
            "Files that no product knows. Take the # away, give the variables our names on the "
            "left (soil_moisture, precipitation, ndvi ...), and see docs/how-to/own-data.md.",
            indent=2,
        )
    for number, plain in enumerate(unknown[:_LISTED], start=1):
        lines += [f"  # {line}" for line in _declared(plain, number, found)] + [""]
    return "\n".join(lines)


def _input(part: Part, found: Survey) -> list[str]:
    series = [known.series for known in (*part.members, *part.masks)]
    n_files = sum(len(one.content or one.files) for one in series)
    lines = _comment(f"{n_files} file(s): {describe(part.extent)}.")
    for gap in part.gaps:
        lines += _comment(f"Note: {gap}")
    if part.product == "modis" and not part.masks and part.members[0].series.first.suffix == ".tif":
        lines += _comment(
            "Note: no images of pixel reliability were found for all dates; where they lie in no "
            "other band, clouds and snow are not masked."
        )
    paths = [f"data:{text}" for one in series for text in found.patterns(one)]
    lines += [f"{part.name}:", f"  product: {part.product}"]
    if len(paths) == 1:
        lines.append(f"  paths: {quoted(paths[0])}")
    else:
        lines += ["  paths:", *(f"    - {quoted(path)}" for path in paths)]
    lines.append(f"  variables: [{', '.join(part.variables)}]")
    return lines


def _declared(plain: Plain, number: int, found: Survey) -> list[str]:
    paths = [quoted(f"data:{text}") for text in found.patterns(plain.series)]
    lines = [f"own_{number}:", f"  product: {plain.kind}"]
    lines.append(
        f"  paths: {paths[0]}" if len(paths) == 1 else f"  paths: [{', '.join(paths[:9])}]"
    )
    lines.append("  variables:")
    for name, units in plain.variables[:_LISTED]:
        told = quoted(units) if units else "NOT_TOLD"
        lines.append(f"    {quoted(name)}: {{name: {quoted(name)}, units: {told}}}")
    if len(plain.variables) > _LISTED:
        lines.append(f"    # and {len(plain.variables) - _LISTED} more")
    lines.append(
        f"  # dims: {{time: ...}}     # ours: theirs; the file has {', '.join(plain.dims)}"
    )
    if plain.fault:
        lines += _comment(plain.fault)
    return lines


def _rest(choice: Choice, found: Survey) -> str:
    """List what the study does not use."""
    lines = []
    others = {id(k) for part in choice.others for k in part.members}
    unused = [(k, reason) for k, reason in choice.unused if id(k) not in others]
    lines += _listed("Found and not used:", (_unused(k, reason, found) for k, reason in unused))
    broken = [p for p in found.plain if not p.kind]
    lines += _listed("Not readable as data:", (_broken(plain) for plain in broken))
    lines += _listed(f"Other files ({endings(found.others)}):", found.others)
    if not found.entries.whole:
        lines += _comment("The folder holds more files than were looked at.")
    lines += _listed("Folders that may not be read:", found.entries.closed)
    return "\n".join(lines) + "\n" if lines else ""


def _unused(known: Known, reason: str, found: Survey) -> str:
    label = ", ".join(known.variables) or "other layers"
    paths = ", ".join(found.patterns(known.series)[:3])
    return f"{known.product} ({label}) in {paths}: {reason}"


def _broken(plain: Plain) -> str:
    more = f" (and {len(plain.series.files) - 1} more alike)" if len(plain.series.files) > 1 else ""
    return f"{plain.series.files[0]}{more}" + (f": {plain.fault}" if plain.fault else "")


def _listed(head: str, items: Iterable[str]) -> list[str]:
    texts = list(items)
    if not texts:
        return []
    shown = [f"#   {' '.join(text.split())}" for text in texts[:_LISTED]]
    shown += [f"#   and {len(texts) - _LISTED} more"] if len(texts) > _LISTED else []
    return [f"# {head}", *shown]


def _comment(text: str, *, indent: int = 0) -> list[str]:
    """Wrap a text as comment lines."""
    return list(_wrapped(text.split(" "), " " * indent + "# "))


def _wrapped(words: Sequence[str], start: str) -> Iterator[str]:
    line = start
    for word in words:
        if len(line) + len(word) > _WIDTH and line != start:
            yield line.rstrip()
            line = start
        line += f"{word} "
    yield line.rstrip()
