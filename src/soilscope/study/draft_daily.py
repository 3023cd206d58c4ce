"""A commented study that brings coarse soil moisture onto fine cells, day by day."""

import math

from soilscope.study.bundles import Part
from soilscope.study.choice_daily import Daily
from soilscope.study.draft_inputs import input_lines
from soilscope.study.survey import Survey
from soilscope.study.yaml_text import comment

#: Local solar hours of day and night at which satellites pass.
_HOURS = {"TERRA": (10.5, 22.5), "AQUA": (13.5, 1.5)}
_ANALYSES = """\
# Each analysis has a name, a step, and the step's data and options; the pages in docs/methods
# explain them. A reference names a variable of the cube, an analysis, or an input on its own grid.
analyses:
  # Day less night: large over dry soil, small over wet. On fine cells as the satellite sees it,
  # on coarse ones from the hourly temperatures of the reanalysis at the same local hours.
  difference: {{step: lst_difference, day: lst_day, night: lst_night}}
  coarse_difference: {{step: lst_difference, day: {coarse}.lst_day, night: {coarse}.lst_night}}

  # Surface temperature knows the uppermost layer of soil alone.
  top_layer: {{step: merge_layers, sm: {coarse}.soil_moisture, bounds: [[{top:g}, {bottom:g}]]}}

  # Frozen days say nothing of soil moisture and are left out.
  frozen: {{step: frozen_mask, temperature: {coarse}.surface_temperature}}

  # Forest, grass, crop and barren land, and NDVI on every day: the strata.
  strata: {{step: cover_strata, land_cover: modis_land_cover.land_cover}}
  daily_ndvi: {{step: interpolate_daily, da: modis.ndvi}}

  # A line for each stratum, on coarse cells: soil moisture against the difference. Its table tells
  # which strata have a relation (`usable`), and how well it does on cells that it has not seen.
  relation:
    step: fit_downscaling
    coarse_sm: top_layer
    coarse_dlst: coarse_difference.lst_difference
    land_cover: strata
    ndvi: daily_ndvi
    frozen: frozen
    rng: 1
{blend}
  # The lines, on fine cells; what they lack to the coarse product is added as a smooth surface with
  # the same means. `residual: block` shows the borders of coarse cells.
  daily:
    step: downscale
    model: relation
    fine_dlst: difference.lst_difference
    land_cover: strata
    ndvi: daily_ndvi
    coarse_product: {product}
    residual: smooth

  # Months of the daily maps.
  monthly: {{step: composite, da: daily.soil_moisture, freq: MS, min_count: 10}}
"""
_BLEND = """
  # Days that the first satellite product lacks, from the second, rescaled to the first by season.
  satellites:
    {{step: blend_moisture, primary: {0}.soil_moisture, secondary: {1}.soil_moisture}}
"""


def daily_text(daily: Daily, found: Survey, root: str, name: str) -> str:
    """Write the study; `root` is the folder of data, `name` that of the study's file."""
    return "\n".join([_head(daily, root, name), _inputs(daily, found), _analyses(daily)])


def _head(daily: Daily, root: str, name: str) -> str:
    first, last = daily.period
    surface = daily.surface
    day, night = _hours(surface)
    lines = [
        *comment(
            "Drafted by soilscope init: daily soil moisture on fine cells, from coarse soil "
            "moisture and the difference of surface temperature between day and night. "
            "docs/how-to/study-file.md explains every key. Look at what will happen, then run it:"
        ),
        f"#   soilscope check {name}",
        f"#   soilscope run {name}",
        "",
        f'title: "Daily soil moisture on fine cells, {first} to {last}"',
        "",
        f"roots: {{data: {root}}}",
        "",
        *comment("West, south, east, north in degrees: where there is surface temperature."),
        f"region: {_region(surface)}",
        *comment("The fine cells. Coarse products keep their own (grid: own)."),
        f"grid: {{like: {surface.name}}}",
        *comment(
            "Hours become days, and surface temperature that at the local solar hours at which "
            f"the satellite passes ({day:g} and {night:g})."
        ),
        f"calendar: {{step: day, derive: [overpass], overpass: [{day:g}, {night:g}]}}",
        "",
    ]
    return "\n".join(lines)


def _hours(surface: Part) -> tuple[float, float]:
    family = surface.members[0].family
    terra = family == "TERRA" or family.startswith("MOD")
    return _HOURS["TERRA" if terra else "AQUA"]


def _region(surface: Part) -> str:
    west, south, east, north = surface.extent.bounds or (97.1, 37.7, 102.1, 42.7)
    low = (math.floor(b * 100 + 1e-6) / 100 for b in (west, south))
    high = (math.ceil(b * 100 - 1e-6) / 100 for b in (east, north))
    return "[" + ", ".join(f"{b:g}" for b in (*low, *high)) + "]"


def _inputs(daily: Daily, found: Survey) -> str:
    period = f"period: [{', '.join(daily.period)}]"
    lines = [
        *comment(
            "What the study is made from; 'soilscope sources modis_lst' tells what to know of a "
            "product. The periods are the days that all of them have."
        ),
        "inputs:",
    ]
    clear = "Clear skies alone: days with clouds have no value. trims_lst has all days."
    notes = {daily.surface.name: clear if daily.surface.product == "modis_lst" else ""}
    keys = {
        daily.surface.name: (period,),
        daily.plants.name: ("calendar: own",),
        daily.cover.name: ("calendar: own",),
    }
    for part in daily.inputs:
        lines += comment(notes.get(part.name, ""), indent=2)
        more = keys.get(part.name, ("grid: own", period))
        lines += [f"  {line}" for line in input_lines(part, found, *more)] + [""]
    return "\n".join(lines)


def _analyses(daily: Daily) -> str:
    names = [part.name for part in daily.satellites]
    product = "satellites.soil_moisture" if daily.blends else f"{(names or [''])[0]}.soil_moisture"
    top, bottom = (daily.reanalysis.extent.layers or ((0.0, 0.07),))[0]
    return _ANALYSES.format(
        coarse=daily.reanalysis.name,
        top=top,
        bottom=bottom,
        blend=_BLEND.format(*names) if daily.blends else "",
        product=product if names else "top_layer",
    )
