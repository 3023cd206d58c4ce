"""A commented study file, written from what a survey found."""

import math
import os
from collections.abc import Iterable
from pathlib import Path

from soilscope.errors import StudyError
from soilscope.study.bundles import Part
from soilscope.study.choice import SHORTEST, Choice, choose
from soilscope.study.choice_daily import choose_daily
from soilscope.study.draft_analyses import analyses_text
from soilscope.study.draft_daily import daily_text
from soilscope.study.draft_inputs import inputs_text
from soilscope.study.finds import Known, Plain
from soilscope.study.survey import Survey, endings
from soilscope.study.yaml_text import LISTED, comment, listed, quoted
from soilscope.study.zone_files import Zones


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
    daily, lacking = choose_daily(found)
    fine = (
        daily_text(daily, found, quoted(_root(found.folder, output)), output.name) if daily else ""
    )
    report = "report: {formats: [png]}     # add pdf for figures as files of their own\n"
    if choice is None:
        if daily is None:
            raise StudyError(no_soil_moisture(found, lacking))
        spare = ((known, "not needed") for known in found.known)
        parts = [fine, report, _rest(spare, daily.inputs, found)]
    else:
        parts = [
            _head(choice, found, output),
            _place(choice),
            inputs_text(choice, found),
            analyses_text(choice),
            report,
            _rest(choice.unused, (*choice.inputs, *choice.others), found),
            *(_beside(fine) if fine else ()),
        ]
    # names of files may be bytes of another encoding, which no text in UTF-8 can hold
    return "\n".join(parts).encode("utf-8", "backslashreplace").decode("utf-8")


def _beside(text: str) -> list[str]:
    """Write a second study, in comments."""
    head = comment(
        "The folder also holds what daily soil moisture on fine cells is made from. That is a "
        "study of its own: copy the lines below into another file, and take the first # away."
    )
    lines = [f"# {line}".rstrip() for line in text.splitlines()]
    return ["\n".join([*head, "#", *lines]) + "\n"]


def no_soil_moisture(found: Survey, lacking: str = "") -> str:
    """Say why there is no study, and what to do; `lacking` is what a study of days lacks."""
    more = f" Daily soil moisture on fine cells lacks {lacking}." if lacking else ""
    short = [k for k in found.known if "soil_moisture" in k.variables]
    if short:
        ends = ", ".join(f"{k.extent.first} to {k.extent.last}" for k in short[:3])
        return (
            f"the soil moisture in {found.folder} is too short for a study ({ends}): "
            f"{SHORTEST} months are needed. No study was written.{more}"
        )
    own = " Declare your own files by hand: docs/how-to/own-data.md." if found.plain else ""
    return (
        f"no soil moisture was found in {found.folder}, and no study was written. 'soilscope "
        f"sources' lists the products and how their files are named.{own}{more}"
    )


def _head(choice: Choice, found: Survey, output: Path) -> str:
    soil = choice.soil
    title = f"Soil moisture of {soil.product}, {soil.extent.first[:4]} to {soil.extent.last[:4]}"
    lines = [
        *comment(
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
        *comment("First and last month; left out, all that the soil moisture has."),
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
    lines += comment(
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
            *comment("Cells outside of this boundary are left out."),
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
        return [*comment(f"{words} These are the bounds of the zones."), region]
    return [
        *comment(f"{words} Left out, all that the inputs cover. It may be a file."),
        f"# {region}",
    ]


def _calendar(choice: Choice) -> list[str]:
    if not choice.is_finer:
        return [*comment("All inputs are monthly: no calendar is needed."), "# calendar: month"]
    finer = {v for part in choice.inputs if part.extent.step != "month" for v in part.variables}
    keys = ["step: month", "min_share: 0.8"]
    keys += ["how: {ndvi: max}"] if "ndvi" in finer else []
    keys += ["derive: [vpd]"] if choice.derives_vpd else []
    words = "Finer inputs become calendar months; a month needs this share of its days."
    words += " NDVI: the largest value of the month, the least clouded." if len(keys) > 2 else ""
    return [*comment(words), f"calendar: {{{', '.join(keys)}}}"]


def _zones(choice: Choice) -> list[str]:
    lines = comment("Zones: parts of the region that get lines, trends and tables of their own.")
    if choice.zones is not None:
        lines += comment(_names(choice.zones))
        lines.append(f"zones: {_vector(choice.zones)}")
    else:
        lines.append("# zones: {file: data:districts.shp, name: NAME}")
    if choice.more_zones:
        lines += comment("Other files of polygons:")
    for zones, reason in choice.more_zones[:LISTED]:
        text = reason or _names(zones)
        lines += [f"# zones: {_vector(zones)}", *comment(f"  {text}")]
    return lines


def _vector(zones: Zones, *, named: bool = True) -> str:
    keys = [f"file: {quoted(f'data:{zones.file}')}"]
    keys += [f"layer: {quoted(zones.layer)}"] if zones.layer else []
    keys += [f"name: {quoted(zones.column)}"] if zones.column and named else []
    return f"{{{', '.join(keys)}}}"


def _names(zones: Zones) -> str:
    shown = ", ".join(zones.names[:8]) + (" ..." if len(zones.names) > 8 else "")
    return f"{len(zones.names)} zone(s): {shown} (texts read as {zones.encoding})"


def _rest(unused: Iterable[tuple[Known, str]], parts: Iterable[Part], found: Survey) -> str:
    """List what the study does not use."""
    lines = []
    used = {id(k) for part in parts for k in (*part.members, *part.masks)}
    unused = [(k, reason) for k, reason in unused if id(k) not in used]
    lines += listed("Found and not used:", (_unused(k, reason, found) for k, reason in unused))
    broken = [p for p in found.plain if not p.kind]
    lines += listed("Not readable as data:", (_broken(plain) for plain in broken))
    lines += listed(f"Other files ({endings(found.others)}):", found.others)
    if not found.entries.whole:
        lines += comment("The folder holds more files than were looked at.")
    lines += listed("Folders that may not be read:", found.entries.closed)
    return "\n".join(lines) + "\n" if lines else ""


def _unused(known: Known, reason: str, found: Survey) -> str:
    label = ", ".join(known.variables) or "other layers"
    paths = ", ".join(found.patterns(known.series)[:3])
    return f"{known.product} ({label}) in {paths}: {reason}"


def _broken(plain: Plain) -> str:
    more = f" (and {len(plain.series.files) - 1} more alike)" if len(plain.series.files) > 1 else ""
    return f"{plain.series.files[0]}{more}" + (f": {plain.fault}" if plain.fault else "")
