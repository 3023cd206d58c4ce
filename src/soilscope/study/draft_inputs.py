"""The inputs of a drafted study, and what is known of files that no product knows."""

from soilscope.study.bundles import Part
from soilscope.study.choice import Choice
from soilscope.study.finds import Extent, Plain
from soilscope.study.survey import Survey
from soilscope.study.yaml_text import LISTED, comment, quoted

#: What is said of images beside which none of quality were found.
_UNMASKED = {
    "modis": "no images of pixel reliability were found for all dates; where they lie in no other "
    "band, clouds and snow are not masked.",
    "modis_lst": "no images of quality (QC_Day, QC_Night) were found for all dates; where they lie "
    "in no other band, temperatures of clouds are not masked.",
}
_STEPS = {"month": "monthly", "day": "daily", "other": "finer than monthly"}


def inputs_text(choice: Choice, found: Survey) -> str:
    """Write the inputs; more soil moisture and unknown files as comments."""
    lines = [
        *comment(
            "What the study is made from. 'soilscope sources smci' tells where a product comes "
            "from, what it was made from, and what to know of it."
        ),
        "inputs:",
    ]
    for part in choice.inputs:
        lines += comment(_short(part.extent, choice.soil.extent), indent=2)
        lines += [f"  {line}" for line in input_lines(part, found)] + [""]
    for part in choice.others:
        lines += comment(
            "More soil moisture, on layers of its own, to compare with: take the # away; "
            "merge_layers brings both to the same layers, and agreement compares them.",
            indent=2,
        )
        body = [line for line in input_lines(part, found) if not line.startswith("#")]
        body.insert(2, f"  suffix: {part.product}")
        lines += [f"  # {line}" for line in body] + [""]
    unknown = [plain for plain in found.plain if plain.kind]
    if unknown:
        lines += comment(
            "Files that no product knows. Take the # away, give the variables our names on the "
            "left (soil_moisture, precipitation, ndvi ...), and see docs/how-to/own-data.md.",
            indent=2,
        )
    for number, plain in enumerate(unknown[:LISTED], start=1):
        lines += [f"  # {line}" for line in _declared(plain, number, found)] + [""]
    return "\n".join(lines)


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


def _short(extent: Extent, soil: Extent) -> str:
    """Say that an input does not cover the record of the soil moisture; else nothing."""
    if extent.first <= soil.first and extent.last >= soil.last:
        return ""
    return (
        f"Note: {extent.first} to {extent.last} is not all of the soil moisture's record; the "
        "regression takes the months that all drivers have."
    )


def input_lines(part: Part, found: Survey, *more: str) -> list[str]:
    """Write an input with what is known of it, and with `more` keys."""
    series = [known.series for known in (*part.members, *part.masks)]
    n_files = sum(len(one.content or one.files) for one in series)
    lines = comment(f"{n_files} file(s): {describe(part.extent)}.")
    for gap in part.gaps:
        lines += comment(f"Note: {gap}")
    images = part.members[0].series.first.suffix == ".tif"
    if part.product in _UNMASKED and not part.masks and images:
        lines += comment(f"Note: {_UNMASKED[part.product]}")
    paths = [f"data:{text}" for one in series for text in found.patterns(one)]
    lines += [f"{part.name}:", f"  product: {part.product}"]
    if len(paths) == 1:
        lines.append(f"  paths: {quoted(paths[0])}")
    else:
        lines += ["  paths:", *(f"    - {quoted(path)}" for path in paths)]
    lines.append(f"  variables: [{', '.join(part.variables)}]")
    return [*lines, *(f"  {key}" for key in more)]


def _declared(plain: Plain, number: int, found: Survey) -> list[str]:
    paths = [quoted(f"data:{text}") for text in found.patterns(plain.series)]
    lines = [f"own_{number}:", f"  product: {plain.kind}"]
    lines.append(
        f"  paths: {paths[0]}" if len(paths) == 1 else f"  paths: [{', '.join(paths[:9])}]"
    )
    lines.append("  variables:")
    for name, units in plain.variables[:LISTED]:
        told = quoted(units) if units else "NOT_TOLD"
        lines.append(f"    {quoted(name)}: {{name: {quoted(name)}, units: {told}}}")
    if len(plain.variables) > LISTED:
        lines.append(f"    # and {len(plain.variables) - LISTED} more")
    lines.append(
        f"  # dims: {{time: ...}}     # ours: theirs; the file has {', '.join(plain.dims)}"
    )
    if plain.fault:
        lines += comment(plain.fault)
    return lines
