"""The analyses of a drafted study: those that its data allow, each with a word on what it does."""

from soilscope.study.bundles import months_between
from soilscope.study.choice import Choice

_INDEX = """\
# Each analysis has a name, a step, and the step's data and options; the pages in docs/methods
# explain them. A name may stand where data are wanted.
analyses:
  # How far each month is from the usual one of its cell and layer, in standard deviations: the
  # standardised soil moisture index, each series against its own record.
  parameters: {{step: index_parameters, da: soil_moisture, by: month, reference: own{few}}}
  index: {{step: standardize, da: soil_moisture, parameters: parameters}}

  # Droughts: runs of months at or below the threshold, with length, severity and peak.
  events: {{step: drought_events, ssmi: index, threshold: -1.0}}

  # Annual means of twelve complete months, of the index and of soil moisture itself.
  annual_index: {{step: composite, da: index, freq: YS, how: mean, min_count: 12}}
  annual_moisture: {{step: composite, da: soil_moisture, freq: YS, how: mean, min_count: 12}}

  # Area-weighted means of each zone, a line for each layer.
  regional_index: {{step: regional_mean, da: annual_index, regions: zone}}
"""
_TRENDS = """\
  # Theil-Sen slopes with bounds and the Mann-Kendall test, corrected because wet years follow wet
  # years. Of the index (per standard deviation and year) and soil moisture (m3 m-3 per year).
  index_trend: {step: trend, da: annual_index, correction: ar1, confidence: 0.95}
  moisture_trend: {step: trend, da: annual_moisture, correction: ar1, confidence: 0.95}
  regional_trend: {step: trend, da: regional_index.ssmi, correction: ar1, confidence: 0.95}

  # The same p-values, adjusted for the number of cells on a map (false discovery rate).
  index_trend_fdr: {step: adjust_p_values, p: index_trend.p_value}
  moisture_trend_fdr: {step: adjust_p_values, p: moisture_trend.p_value}
"""
_NO_TRENDS = """\
  # No trends: {n} complete year(s) are too few for a test (ten are needed).
  # index_trend: {{step: trend, da: annual_index, correction: ar1, confidence: 0.95}}
"""
_DRIVERS = """\
  # What the index goes along with, month by month: partial regression on the anomalies of the
  # drivers, with errors that survive autocorrelation. It shows association, not effect;
  # drivers that the soil moisture was made from ('soilscope sources') are no independent evidence.
  drivers:
    step: partial_regression
    y: index
    drivers: [{drivers}]
    driver_anomaly: month
    errors: hac
  drivers_fdr: {{step: adjust_p_values, p: drivers.p_value}}
"""
_NO_DRIVERS = """\
  # No drivers were found. With precipitation, temperature, vpd or ndvi among the inputs:
  # drivers:
  #   step: partial_regression
  #   y: index
  #   drivers: [precipitation, temperature]
  #   driver_anomaly: month
  #   errors: hac
"""
_PROFILE = """\
  # Which layers are wet and which are dry: all cells and layers on one scale, since the index above
  # is zero on average in each of them by construction. Part of this is texture.
  profile_parameters:
    {{step: index_parameters, da: soil_moisture, by: month, reference: pooled_profile{few}}}
  profile_index: {{step: standardize, da: soil_moisture, parameters: profile_parameters}}
  profile_state: {{step: index_state, ssmi: profile_index}}
"""
_DEPTHS = """\
  # From the surface down, for each zone: deficit or surplus, wetting or drying{and_drivers}.
  depths:
    step: depth_pattern
    state: profile_state.mean
    trend: index_trend
    regional_trend: regional_trend
{effects}    regions: zone
"""


def analyses_text(choice: Choice) -> str:
    """Write the analyses."""
    extent = choice.soil.extent
    years = _years(choice)
    few = "" if years >= 10 else ", min_years: 3"
    parts = [_INDEX.format(few=few)]
    if few:
        parts.append("  # min_years: 3 because the record is short; ten years are the rule.\n")
    parts.append(_TRENDS if years >= 10 else _NO_TRENDS.format(n=years))
    if choice.drivers:
        parts.append(_DRIVERS.format(drivers=", ".join(choice.drivers)))
    else:
        parts.append(_NO_DRIVERS)
    if len(extent.layers) > 1:
        parts.append(_PROFILE.format(few=few))
        if years >= 10:
            parts.append(
                _DEPTHS.format(
                    and_drivers=", and the drivers" if choice.drivers else "",
                    effects="    effects: drivers\n" if choice.drivers else "",
                )
            )
    return "\n".join(parts)


def _years(choice: Choice) -> int:
    """Count the complete years of soil moisture: those of the record that have files."""
    whole = months_between(choice.soil.extent) // 12
    named = {year for known in choice.soil.members for year, _ in known.series.months}
    return min(whole, len(named)) if len(named) > 1 else whole
