"""The one table of result variables: long name, units, CF standard name, flags."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from soilscope.errors import InputError


class Name(NamedTuple):
    """What is written on a result variable; ``{units}`` stands for the units of the data."""

    long_name: str
    units: str = "1"
    standard_name: str | None = None
    flags: tuple[str, ...] | None = (
        None  # meanings of the codes 0, 1, 2, ... (or of `first_flag` on)
    )
    first_flag: int = 0


STATUS = (
    "ok",
    "no_data",
    "too_few",
    "constant",
    "collinear",
    "negative_variance",
    "fit_failed",
    "at_bound",
    "wrong_sign",
)
OK, NO_DATA, TOO_FEW, CONSTANT, COLLINEAR, NEGATIVE_VARIANCE, FIT_FAILED, AT_BOUND, WRONG_SIGN = (
    range(len(STATUS))
)

#: Drought and wetness classes of a standardised index, driest first.
CLASSES = (
    "extreme_drought",
    "severe_drought",
    "moderate_drought",
    "mild_drought",
    "near_normal",
    "mild_wet",
    "moderate_wet",
    "severe_wet",
    "extreme_wet",
)

#: Association with a driver by the size of its standardised coefficient.
EFFECTS = (
    "very_strong_negative",
    "strong_negative",
    "weak_negative",
    "none",
    "weak_positive",
    "strong_positive",
    "very_strong_positive",
)

#: Strata of land cover, in the order of their codes.
COVER_STRATA = ("forest", "grass", "crop", "barren")

#: Types of the interaction of two factors of the geographical detector.
INTERACTIONS = (
    "not_estimated",
    "weaken_nonlinear",
    "weaken_uni",
    "equal",
    "enhance_bi",
    "independent",
    "enhance_nonlinear",
)

#: A method that gives a name another meaning has it as "method.name".
NAMES: dict[str, Name] = {
    # shared by all methods
    "n_obs": Name("number of valid observations"),
    "status": Name("status of the estimate", flags=STATUS),
    "p_value": Name("two-sided p-value"),
    "p_value_adjusted": Name("p-value adjusted for multiple tests"),
    # what a study's cube holds
    "soil_moisture": Name("volumetric soil moisture", "{units}"),
    "precipitation": Name("precipitation", "{units}"),
    "temperature": Name("air temperature at 2 m", "{units}"),
    "vpd": Name("vapour pressure deficit", "{units}"),
    "n_clipped": Name("number of negative values set to 0"),
    "ndvi": Name("normalised difference vegetation index"),
    "frozen": Name(
        "whether the soil is frozen", flags=("unknown", "not_frozen", "frozen"), first_flag=-1
    ),
    "lst_day": Name("land surface temperature by day", "{units}"),
    "lst_night": Name("land surface temperature by night", "{units}"),
    "lst_difference": Name("land surface temperature by day less that by night", "K"),
    "n_negative": Name("number of negative differences"),
    "cover_stratum": Name("stratum of land cover", flags=COVER_STRATA),
    "cover_changed": Name(
        "whether the stratum of land cover differs between maps",
        flags=("unknown", "same", "changed"),
        first_flag=-1,
    ),
    "n_covers": Name("number of strata of land cover in all maps"),
    "area_share": Name("valid share of the region's area"),
    # temperature and vegetation
    "tvdi": Name("temperature vegetation dryness index"),
    "dry_intercept": Name("surface temperature of the dry edge at an NDVI of 0", "{units}"),
    "dry_slope": Name("slope of the dry edge on NDVI", "{units}"),
    "wet_intercept": Name("surface temperature of the wet edge at an NDVI of 0", "{units}"),
    "wet_slope": Name("slope of the wet edge on NDVI", "{units}"),
    "n_bins": Name("number of bins that the edges are fitted to"),
    "n_outside": Name("number of cells with an index below 0 or above 1"),
    # index
    "ssmi": Name("standardised soil moisture index"),
    "mean": Name("mean", "{units}"),
    "std": Name("standard deviation", "{units}"),
    "sorted_values": Name("reference values in ascending order", "{units}"),
    "bandwidth": Name("standard deviation of the kernels of the reference's density", "{units}"),
    "shape": Name("shape of the gamma distribution"),
    "scale": Name("scale of the gamma distribution", "{units}"),
    "alpha": Name("first shape of the beta distribution"),
    "beta": Name("second shape of the beta distribution"),
    "lower_share": Name("probability of the lower end of the support"),
    "upper_share": Name("probability of the upper end of the support"),
    "class_share": Name("share of months in each class of the index"),
    # events
    "n_events": Name("number of drought events"),
    "mean_duration": Name("mean duration of drought events", "month"),
    "max_duration": Name("longest duration of a drought event", "month"),
    "mean_severity": Name("mean severity of drought events (sum of threshold - index)", "month"),
    "max_severity": Name("largest severity of a drought event", "month"),
    "mean_intensity": Name("mean intensity of drought events (severity per month)"),
    "peak": Name("lowest index value within any drought event"),
    "n_censored": Name("number of drought events that touch a gap or an end of the record"),
    # droughts from layer to layer
    "onset_delay": Name("median delay of drought onsets behind the layer above", "month"),
    "onset_delay_low": Name("lower quartile of the delays of drought onsets", "month"),
    "onset_delay_high": Name("upper quartile of the delays of drought onsets", "month"),
    "reached_share": Name("share of drought onsets above that are followed by one below"),
    "reached_share_chance": Name("share of onsets followed by one below if they were unrelated"),
    "n_onsets": Name("number of drought onsets in the layer above that count"),
    "n_under_way": Name("number of drought onsets above with a drought already under way below"),
    # grids
    "valid_fraction": Name("share of the weight of a cell that valid cells have"),
    # terrain
    "terrain.slope": Name("slope of the terrain", "degree"),
    "aspect": Name("direction that the ground faces, clockwise from north", "degree"),
    "northness": Name("cosine of the aspect"),
    "eastness": Name("sine of the aspect"),
    "specific_catchment_area": Name("upslope area per width of a cell", "m"),
    "twi": Name("topographic wetness index"),
    "floored_share": Name("share of cells whose slope was raised to the least slope"),
    # trend
    "slope": Name("Theil-Sen slope", "{units} year-1"),
    "slope_low": Name("lower confidence bound of the slope", "{units} year-1"),
    "slope_high": Name("upper confidence bound of the slope", "{units} year-1"),
    "slope_prewhitened": Name("Theil-Sen slope of the pre-whitened series", "{units} year-1"),
    "intercept": Name("median(y) - slope * median(t)", "{units}"),
    "s": Name("Mann-Kendall statistic S"),
    "var_s": Name("variance of S"),
    "variance_ratio": Name("variance of S over its value for independent observations"),
    "z": Name("Mann-Kendall Z"),
    "p_value_uncorrected": Name("two-sided p-value without correction for serial correlation"),
    "tau": Name("Kendall tau-b"),
    "lag1_autocorrelation": Name("lag-1 autocorrelation of the detrended series"),
    # change point
    "change_time": Name("time of the last value before the change", "year"),
    "shift": Name("median after the change less the median before", "{units}"),
    "statistic": Name("Pettitt statistic, the largest |U|"),
    # partial regression
    "coefficient": Name("partial regression coefficient", "{units} per unit of the driver"),
    "coefficient_low": Name(
        "lower confidence bound of the coefficient", "{units} per unit of the driver"
    ),
    "coefficient_high": Name(
        "upper confidence bound of the coefficient", "{units} per unit of the driver"
    ),
    "standardized_coefficient": Name("standardised partial regression coefficient"),
    "stderr": Name("standard error of the coefficient", "{units} per unit of the driver"),
    "t": Name("t statistic"),
    "partial_r": Name("partial correlation"),
    "vif": Name("variance inflation factor"),
    "r_squared_share": Name("share of the driver in the coefficient of determination (LMG)"),
    "r_squared": Name("coefficient of determination"),
    "condition": Name("condition number of the correlation matrix of the drivers"),
    "residual_autocorrelation": Name("lag-1 autocorrelation of the residuals"),
    "dominant_driver": Name("driver with the largest significant standardised coefficient"),
    # recovery of what was planted
    "coverage_planted": Name("share of planted cells whose interval holds the truth"),
    "coverage_planted_pooled": Name("share of all planted cells whose interval holds the truth"),
    "detected_share": Name("share of planted cells that are significant"),
    "detected_share_pooled": Name("share of all planted cells that are significant"),
    "false_positive_share": Name("share of cells without effect that are significant"),
    "false_positive_share_pooled": Name("share of all cells without effect that are significant"),
    "n_planted": Name("number of cells with a planted effect"),
    "n_planted_pooled": Name("number of cells with a planted effect, over all groups"),
    "n_null": Name("number of cells without an effect"),
    "n_null_pooled": Name("number of cells without an effect, over all groups"),
    "n_obs_pooled": Name("number of cells, over all groups"),
    "bias": Name("mean difference from the reference", "{units}"),
    "bias_pooled": Name("mean difference from the reference, over all groups", "{units}"),
    "rmse": Name("root mean square difference from the reference", "{units}"),
    "rmse_pooled": Name("root mean square difference, over all groups", "{units}"),
    "correlation": Name("correlation with the reference"),
    "correlation_pooled": Name("correlation with the reference, over all groups"),
    "density": Name("number of cells by planted and recovered value"),
    "bin_edge": Name("edges of the bins of planted and recovered values", "{units}"),
    "agreement": Name("share of cells in the planted class"),
    "agreement_pooled": Name("share of all cells in the planted class"),
    # agreement
    "r": Name("Pearson correlation"),
    "nse": Name("Nash-Sutcliffe efficiency, 1 - SSE/SST of the reference"),
    "ubrmse": Name("root mean square difference of the centred series", "{units}"),
    "mse_correlation": Name("part of the mean square error from correlation", "{units} {units}"),
    "mse_bias": Name("part of the mean square error from bias", "{units} {units}"),
    "mse_variance": Name("part of the mean square error from variance", "{units} {units}"),
    "kge": Name("Kling-Gupta efficiency"),
    "spearman": Name("Spearman rank correlation"),
    "kendall": Name("Kendall tau-b"),
    "r_anomaly": Name("correlation of the anomalies from calendar-month means"),
    "r_space": Name("correlation in space of the means over time"),
    "r_time": Name("correlation in time, each cell's mean removed"),
    "n_eff": Name("effective number of independent pairs"),
    "n_cells": Name("number of cells in the sample"),
    "block_length": Name("length of a bootstrap block in time steps"),
    "line_slope": Name("slope of the least-squares line of the product on the reference"),
    "line_intercept": Name("intercept of the least-squares line", "{units}"),
    "pair_density": Name("number of pairs by reference and product"),
    "pair_edge": Name("edges of the bins of reference and product", "{units}"),
    **{
        f"{name}_{end}": Name(f"{words} confidence bound of {name}", units)
        for name, units in (
            *((name, "1") for name in ("r", "r_squared", "nse", "kge", "spearman", "kendall")),
            *((name, "1") for name in ("r_anomaly", "r_time")),
            *((name, "{units}") for name in ("bias", "rmse", "ubrmse")),
        )
        for end, words in (("low", "lower"), ("high", "upper"))
    },
    "error_std": Name("standard deviation of the random error", "{units}"),
    "snr_db": Name("signal-to-noise ratio", "dB"),
    # downscaling
    "fit_downscaling.coefficient": Name(
        "slope of soil moisture on the day-night difference of temperature", "m3 m-3 K-1"
    ),
    "fit_downscaling.coefficient_high": Name("upper one-sided bound of the slope", "m3 m-3 K-1"),
    "fit_downscaling.stderr": Name("bootstrap standard error of the slope", "m3 m-3 K-1"),
    "fit_downscaling.intercept": Name("soil moisture at a difference of 0 K", "m3 m-3"),
    "fit_downscaling.p_value": Name("share of resampled slopes that are not negative"),
    "fit_downscaling.n_obs": Name("number of cell days"),
    "fit_downscaling.rmse": Name("root mean square error of the fit", "m3 m-3"),
    "rmse_cv": Name("root mean square error where month and place were left out", "m3 m-3"),
    "usable": Name("whether the relation is used", flags=("no", "yes")),
    "coefficient_by": Name("slope in a month or a cell", "m3 m-3 K-1"),
    "intercept_by": Name("soil moisture at a difference of 0 K in a month or a cell", "m3 m-3"),
    "n_obs_by": Name("number of cell days in a month or a cell"),
    "usable_by": Name("whether the relation in a month or a cell is used", flags=("no", "yes")),
    "status_by": Name("status of the relation in a month or a cell", flags=STATUS),
    "dlst_bias": Name("mean difference of the satellite's day-night range to the reanalysis'", "K"),
    "dlst_slope": Name("slope of the satellite's day-night range on the reanalysis'"),
    "dlst_intercept": Name("intercept of the satellite's day-night range", "K"),
    "uncertainty": Name("standard uncertainty of soil moisture", "m3 m-3"),
    "fallback": Name("whose relation was taken"),
    "n_unphysical": Name("number of rescaled values outside 0 to 1"),
    "source": Name("where the coarse value comes from"),
    "valid_share": Name("mean share of valid cells in coarse cells"),
    "conservation_error": Name(
        "largest difference of a coarse value and its cells' mean", "m3 m-3"
    ),
    "conservation_error_clipped": Name("the same after clipping", "m3 m-3"),
    "n_below": Name("number of values below 0"),
    "n_above": Name("number of values above the porosity"),
    "seam_index": Name("mean jump across borders of coarse cells over mean jump inside"),
    "seam_index_estimate": Name("the same before the residual"),
    # statistics over space
    "minimum": Name("smallest value", "{units}"),
    "maximum": Name("largest value", "{units}"),
    "cv": Name("coefficient of variation"),
    "lower_quartile": Name("lower quartile", "{units}"),
    "median": Name("median", "{units}"),
    "upper_quartile": Name("upper quartile", "{units}"),
    "skewness": Name("skewness"),
    "iqr_to_std": Name("interquartile range over standard deviation"),
    "qq_correlation": Name("correlation of the values with normal order statistics"),
    "sample_quantile": Name("quantile of the values", "{units}"),
    # stability in time
    "time_stability.std": Name("standard deviation over time", "{units}"),
    "std_anomaly": Name("standard deviation about means of calendar months", "{units}"),
    "stability": Name(
        "stability in time",
        flags=("unknown", "excellent", "good", "stable", "poor", "very_poor"),
        first_flag=-1,
    ),
    "mean_relative_difference": Name("mean relative difference from the mean of the field"),
    "std_relative_difference": Name("standard deviation of the relative differences"),
    "representativeness": Name("root of squared mean and SD of the relative differences"),
    "representative": Name("whether the cell represents its field best", flags=("no", "yes")),
    "field_mean": Name("mean of the cells valid on all used dates", "{units}"),
    "date_used": Name("whether the date is used", flags=("no", "yes")),
    "rank_correlation": Name("rank correlation of the cells between two dates"),
    "rank_stability": Name("mean rank correlation over pairs of dates"),
    "time_stability.n_cells": Name("number of cells valid on all used dates"),
    # variograms
    "semivariance": Name("semivariance", "{units} {units}"),
    "n_pairs": Name("number of pairs"),
    "distance": Name("mean distance of the pairs", "m"),
    "tile_semivariance": Name("semivariance of the pairs of a tile", "{units} {units}"),
    "tile_n_pairs": Name("number of pairs of a tile"),
    "tile_n_obs": Name("number of values in a tile"),
    "nugget": Name("semivariance at distances near 0", "{units}"),
    "partial_sill": Name("rise of the semivariance from nugget to sill", "{units}"),
    "sill": Name("semivariance that is levelled out at", "{units}"),
    "range_parameter": Name("range as in the formula of the model", "m"),
    "effective_range": Name("distance at which 95 % of the rise is reached", "m"),
    "structural_proportion": Name("partial sill over sill"),
    "nugget_ratio": Name("nugget over sill"),
    "sill_ratio": Name("sill over the largest fitted semivariance"),
    "rss": Name("sum of squared residuals of the semivariance", "{units} {units}"),
    "wss": Name("weighted sum of squared residuals of the semivariance", "{units} {units}"),
    "aicc": Name("Akaike information criterion for few data"),
    "range_at_bound": Name(
        "whether the range is at a bound of its search",
        flags=("unknown", "no", "yes"),
        first_flag=-1,
    ),
    "range_beyond_data": Name(
        "whether the effective range is beyond the last lag",
        flags=("unknown", "no", "yes"),
        first_flag=-1,
    ),
    "nugget_low": Name("lower bound of the nugget", "{units}"),
    "nugget_high": Name("upper bound of the nugget", "{units}"),
    "sill_low": Name("lower bound of the sill", "{units}"),
    "sill_high": Name("upper bound of the sill", "{units}"),
    "effective_range_low": Name("lower bound of the effective range", "m"),
    "effective_range_high": Name("upper bound of the effective range", "m"),
    "structural_proportion_low": Name("lower bound of partial sill over sill"),
    "structural_proportion_high": Name("upper bound of partial sill over sill"),
    "fitted": Name("fitted semivariance", "{units}"),
    "best_model": Name("model with the best fit"),
    "last_lag": Name("largest mean distance of a class", "m"),
    "fit_variogram.n_obs": Name("number of classes used"),
    # geographical detector
    "q_by_grain": Name("share of the variance between strata, by the grain of cells"),
    "q_adjusted_by_grain": Name("the same beyond what as many strata at random explain"),
    "n_by_grain": Name("number of blocks of cells"),
    "q_by_spacing": Name("share of the variance between strata, by the spacing of a sample"),
    "q_by_spacing_low": Name("smallest share over the places of the sample"),
    "q_by_spacing_high": Name("largest share over the places of the sample"),
    "q_adjusted_by_spacing": Name("the same beyond what as many strata at random explain"),
    "n_by_spacing": Name("number of cells of the sample"),
    "codes": Name("class or stratum", first_flag=-1),
    "breaks": Name("edges of the classes", "{units}"),
    "n_obtained": Name("number of classes that have members"),
    "q": Name("share of the variance between strata"),
    "q_held_out": Name("share of the squares of held out cells that the classes foretell"),
    "q_adjusted": Name("share of the variance beyond what as many strata at random explain"),
    "q_low": Name("lower bound of the share of the variance"),
    "q_high": Name("upper bound of the share of the variance"),
    "optimize_strata.p_value": Name("share of surrogates whose best q is as large"),
    "gozh.p_value": Name("share of surrogates whose zones explain as much"),
    "rgd.p_value": Name("share of surrogates whose best q is as large"),
    "rgd.breaks": Name("edges of the classes, in units of the factor"),
    "optimize_strata.breaks": Name("edges of the classes, in units of the factor"),
    "q12": Name("share of the variance between the strata of both factors"),
    "q12_adjusted": Name("the same beyond what as many strata at random explain"),
    "p_excess": Name("share of permutations of the weaker factor that explain as much"),
    "interaction": Name("interaction of two factors", flags=INTERACTIONS, first_flag=-1),
    "interaction_adjusted": Name(
        "interaction of two factors beyond chance", flags=INTERACTIONS, first_flag=-1
    ),
    "risk_detector.std": Name("standard deviation within the stratum", "{units}"),
    "n_effective": Name("number of members of one weight that tell as much"),
    "difference": Name("difference of the means", "{units}"),
    "df": Name("degrees of freedom"),
    "f": Name("ratio of the mean squares within strata"),
    "q_difference": Name("difference in q"),
    "q_difference_low": Name("lower bound of the difference in q"),
    "q_difference_high": Name("upper bound of the difference in q"),
    "p_bootstrap": Name("two-sided p-value of the difference in q by resampling"),
    "best_method": Name("method of cutting that was chosen"),
    "best_n_classes": Name("number of classes that was chosen"),
    "log10_p_value": Name("decimal logarithm of the p-value"),
    "n_strata": Name("number of strata that have members"),
    "count": Name("number of members"),
    "weight": Name("sum of the weights of the members"),
    "m2": Name("sum of squared deviations from the mean"),
    # depth patterns
    "coverage": Name("covered share of the layer's thickness"),
    "state": Name("mean state", flags=("deficit", "neutral", "surplus"), first_flag=-1),
    "state_mean": Name("area-weighted mean of the state", "{units}"),
    "deficit_share": Name("share of the area in deficit"),
    "surplus_share": Name("share of the area in surplus"),
    "tendency": Name("tendency", flags=("drying", "neutral", "wetting"), first_flag=-1),
    "mean_slope": Name("area-weighted mean of the slopes of the cells", "{units} year-1"),
    "drying_share": Name("share of the area that dries significantly"),
    "wetting_share": Name("share of the area that wets significantly"),
    "effect": Name("association with the driver", flags=EFFECTS, first_flag=-3),
    "effect_mean": Name("area-weighted mean of the standardised coefficient"),
    "state_pattern": Name("states from the surface down"),
    "tendency_pattern": Name("tendencies from the surface down"),
    "effect_pattern": Name("associations from the surface down"),
}


def describe(variable: str, *, units: str | None = None, method: object = None) -> dict[str, Any]:
    """Attributes of the result variable `variable` for data in `units` (left out if unknown)."""
    if variable not in NAMES:
        raise InputError(f"{variable!r} is not in soilscope.names.NAMES; add it there.")
    name = NAMES.get(f"{method}.{variable}", NAMES[variable])
    attrs: dict[str, Any] = {"long_name": name.long_name}
    if "{units}" not in name.units:
        attrs["units"] = name.units
    elif units is not None:
        attrs["units"] = "1" if units == "" else _combine(name.units, units)
    if name.standard_name is not None:
        attrs["standard_name"] = name.standard_name
    if name.flags is not None:
        attrs |= flag_attrs(name.flags, first=name.first_flag)
    return attrs


def flag_attrs(meanings: tuple[str, ...], *, first: int = 0) -> dict[str, Any]:
    """CF flag attributes for the codes `first`, `first` + 1, ..."""
    values = list(range(first, first + len(meanings)))
    return {"flag_values": values, "flag_meanings": " ".join(meanings)}


def flag_table(attrs: Mapping[str, Any]) -> dict[int, str]:
    """Code -> meaning, read back from CF flag attributes."""
    return dict(zip(attrs["flag_values"], attrs["flag_meanings"].split(), strict=True))


def _combine(template: str, units: str) -> str:
    """Units of a quotient: dimensionless data drop their 1 ('1 year-1' is 'year-1')."""
    text = template.replace("{units}", "" if units == "1" else units).strip()
    return text or "1"
