"""Numbers, units, layers and verdicts as a reader wants to see them."""

import math
import re
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import xarray as xr

ALPHA = 0.05  # level at which a p-value is called significant
MINUS = "\N{MINUS SIGN}"
_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")

STATUS = {
    "ok": "",
    "no_data": "no data",
    "too_few": "too few values",
    "constant": "constant series",
    "collinear": "drivers are collinear",
    "negative_variance": "no test: the correction leaves no positive variance",
    "fit_failed": "the fit failed",
    "at_bound": "the fit ended at a bound",
    "wrong_sign": "the fit has the wrong sign",
}

#: The same where there is little room.
SHORT_STATUS = {"negative_variance": "no test (variance below 0)", "collinear": "collinear"}

#: How a correction of the Mann-Kendall test is called in a sentence.
CORRECTIONS = {
    "none": "without correction for serial correlation",
    "prewhiten": "with pre-whitening",
    "tfpw": "with trend-free pre-whitening",
    "vctfpw": "with variance-corrected trend-free pre-whitening",
    "3pw": "with the three pre-whitenings of 3PW",
    "hamed_rao": "with the Hamed-Rao variance",
    "yue_wang": "with the Yue-Wang variance",
    "ar1": "with the variance of a first-order autoregressive series",
    "hirsch_slack": "with the covariance between seasons (Hirsch-Slack)",
}


#: Products as they are printed.
PRODUCTS = {
    "smci": "SMCI",
    "era5_land": "ERA5-Land",
    "era5": "ERA5",
    "era_interim": "ERA-Interim",
    "terraclimate": "TerraClimate",
    "modis": "MODIS",
    "modis_lst": "MODIS LST",
    "modis_land_cover": "MODIS land cover",
    "modis_et": "MODIS ET",
    "trims_lst": "TRIMS LST",
    "esa_cci": "ESA CCI COMBINED",
    "smops": "SMOPS",
    "gldas": "GLDAS-Noah",
    "soilgrids": "SoilGrids",
    "soil_hydraulics": "Montzka et al. (2017)",
    "gebco": "GEBCO",
    "peng_precipitation": "Peng et al. (2019)",
    "fvc_china": "FVC",
}
#: Products that are declared by hand: their name says nothing about what they hold.
DECLARED = ("table", "raster")

MONTHS = ("January", "February", "March", "April", "May", "June", "July", "August", "September",
          "October", "November", "December")  # fmt: skip


def product_name(about: Mapping[str, Any]) -> str:
    """Name of a source's product, or the title of one that was declared by hand.

    >>> product_name({"product": "era5_land", "title": "a long title"})
    'ERA5-Land'
    """
    product = str(about.get("product") or "")
    return PRODUCTS.get(product) or str(about.get("title") or about.get("name") or product)


def number(value: float, digits: int = 3) -> str:
    """`value` with `digits` significant digits and a true minus sign; nothing for NaN."""
    value = float(value)
    if not math.isfinite(value):
        return "–"  # noqa: RUF001  an en dash stands for "no number"
    if value == 0:
        return "0"
    exponent = math.floor(math.log10(abs(float(f"{value:.{digits - 1}e}"))))
    if -5 < exponent < 7:
        text = f"{value:.{max(0, digits - 1 - exponent)}f}"
    else:
        mantissa, power = f"{value:.{digits - 1}e}".split("e")
        text = f"{mantissa}\N{MULTIPLICATION SIGN}10{str(int(power)).translate(_RAISED)}"
    return text.replace("-", MINUS)


def decimals(value: float, places: int) -> str:
    """`value` with a fixed number of decimals and a true minus sign; nothing for NaN."""
    if not math.isfinite(value):
        return ""
    text = f"{round(float(value), places) + 0.0:.{places}f}"  # no minus sign before zero
    return text.replace("-", MINUS)


def p_text(p: float) -> str:
    """Return a p-value as '0.038', '0.0005' or '< 0.0001'."""
    if not math.isfinite(p):
        return "–"  # noqa: RUF001
    if p < 0.0001:
        return "< 0.0001"
    return f"{p:.4f}" if p < 0.001 else f"{p:.3f}" if p < 0.995 else f"{p:.2f}"


def p_equals(p: float) -> str:
    """Return 'p = 0.038' or 'p < 0.0001'."""
    text = p_text(p)
    return f"p {text}" if text.startswith("<") else f"p = {text}"


def unit_text(units: str | None) -> str:
    """'m3 m-3 year-1' as 'm³ m⁻³ year⁻¹'; nothing for dimensionless data."""
    if not units or units == "1":
        return ""
    raised = re.sub(r"(?<=[A-Za-z])(-?\d+)", lambda m: m.group(1).translate(_RAISED), units)
    return raised.replace("degC", "°C")


def with_unit(words: str, units: str | None) -> str:
    """Return 'slope (year⁻¹)', or the words alone for dimensionless data."""
    text = unit_text(units)
    return f"{words} ({text})" if text else words


def layer_names(bounds: npt.NDArray[Any]) -> list[str]:
    """Name layers by their bounds in m: '0-10 cm'."""
    cm = np.asarray(bounds, dtype=float) * 100
    return [f"{_plain(top)}-{_plain(bottom)} cm" for top, bottom in cm]


def _plain(value: float) -> str:
    return f"{round(value, 2):g}"


def percent(share: float) -> str:
    """Return a share as '12 %'."""
    return f"{100 * share:.0f} %"


def place_word(dim: str, n: int = 2) -> str:
    """'region' or 'site', in the plural unless there is one."""
    return dim if n == 1 else f"{dim}s"


def flags(da: xr.DataArray) -> dict[int, str]:
    """Code -> meaning of a categorical variable, in words."""
    values = np.atleast_1d(da.attrs["flag_values"])
    meanings = str(da.attrs["flag_meanings"]).split()
    return {int(v): m.replace("_", " ") for v, m in zip(values, meanings, strict=True)}


def without_estimate(status: xr.DataArray) -> str:
    """Say why cells inside the study area have no estimate; nothing where there is no such cell."""
    said = []
    for code, word in flags(status).items():
        key = word.replace(" ", "_")
        count = 0 if key in ("ok", "no_data") else int((status == code).sum())
        if count:
            said.append(f"{STATUS.get(key, word)} ({count:,} series)")
    return f"No estimate: {'; '.join(said)}." if said else ""


def verdict(
    slope: float,
    *,
    p: float,
    p_uncorrected: float | None,
    p_adjusted: float | None,
    status: str = "ok",
    words: tuple[str, str] = ("decrease", "increase"),
    doubted_by: str | None = None,
) -> str:
    """Say what a trend's p-values allow to be said.

    `p` is the p-value after the correction for serial correlation (equal to `p_uncorrected`, which
    is then None, if there was none), `p_adjusted` the one after the false discovery rate.
    `doubted_by` names another trend of the same series that is not significant.
    """
    if status != "ok":
        return STATUS.get(status, status.replace("_", " "))
    if not math.isfinite(p):
        return "no estimate"
    direction = words[slope > 0] if slope != 0 else "trend with a median slope of zero"
    if p_uncorrected is None and p < ALPHA:
        return f"{direction}, serial correlation not examined"
    if p < ALPHA and (p_adjusted is None or p_adjusted < ALPHA):
        if doubted_by is not None:
            return f"not robust: not significant in '{doubted_by}'"
        return f"significant {direction}"
    if p < ALPHA:
        return "not significant after FDR"
    if p_uncorrected is not None and p_uncorrected < ALPHA:
        return "not robust to serial correlation"
    return "not significant"


def file_stem(*parts: str) -> str:
    """Stable file name of `parts`: letters of any script and digits, so that no two names meet."""
    words = [re.sub(r"[\W_]+", "-", part).strip("-").lower() for part in parts]
    return "-".join(word for word in words if word)


def listed(words: list[str], *, most: int = 12) -> str:
    """Join words as in 'a, b and c', cut after `most` of them."""
    if len(words) > most:
        words = [*words[:most], f"{len(words) - most} more"]
    return (
        words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
    )


def sentences(*said: str) -> str:
    """Join sentences, leaving out empty ones.

    >>> sentences("Grey: no value.", "", "Hatched: not significant.")
    'Grey: no value. Hatched: not significant.'
    """
    return " ".join(text.strip() for text in said if text.strip())
