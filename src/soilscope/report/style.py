"""How every figure looks: fonts, sizes, colours, and the marks that all figures carry."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from cmcrameri import cm as crameri
from matplotlib import colormaps
from matplotlib.colors import Colormap, ListedColormap

WIDTH = 7.1  # inches: the text width of A4
TALLEST = 10.0  # inches: what an A4 page holds
DPI = 170

INK = "#1f2933"
QUIET = "#5b6770"
MASKED = "#e4e4e4"  # cells without a value
ALARM = "#b3261e"
TREND_LINE = "#b3541e"
SERIES = "#31688e"
#: Okabe and Ito's colours: told apart by colour-blind readers, and in print.
CATEGORIES = ("#0072B2", "#D55E00", "#CC79A7", "#009E73", "#E69F00", "#56B4E9", "#999999")
#: The same where they are lines or marks on white: each at least 3:1 against it.
LINES = ("#0072B2", "#C24F00", "#A3558A", "#007A59", "#8F6000", "#5B3FA8", "#666666")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

RC: Any = {  # names of matplotlib's settings
    "font.family": "DejaVu Sans",
    "font.size": 7.0,
    "axes.titlesize": 7.0,
    "axes.labelsize": 7.0,
    "xtick.labelsize": 6.5,
    "ytick.labelsize": 6.5,
    "legend.fontsize": 6.5,
    "axes.linewidth": 0.5,
    "axes.edgecolor": QUIET,
    "axes.labelcolor": INK,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "xtick.major.width": 0.5,
    "ytick.major.width": 0.5,
    "xtick.major.size": 2.0,
    "ytick.major.size": 2.0,
    "xtick.major.pad": 2.0,
    "ytick.major.pad": 2.0,
    "hatch.linewidth": 0.35,
    "figure.dpi": DPI,
    "savefig.dpi": DPI,
    "image.interpolation": "nearest",
    "svg.hashsalt": "soilscope",
    "pdf.fonttype": 42,
}


def _with_mask(colours: Colormap) -> Colormap:
    return colours.with_extremes(bad=MASKED)


#: Brown is dry or drying, blue-green is wet or wetting.
WETNESS = _with_mask(colormaps["BrBG"])
DRYNESS = _with_mask(colormaps["BrBG_r"])
#: Signs without a meaning of dry or wet: blue is negative, red is positive.
SIGNED = _with_mask(crameri.vik)
#: Amounts from zero upwards.
AMOUNT = _with_mask(ListedColormap(crameri.lajolla(np.linspace(0.97, 0.25, 256))))
#: Years: early is dark, late is light.
YEARS = _with_mask(crameri.batlow)
DENSITY = ListedColormap(crameri.devon(np.linspace(0.9, 0.05, 256)))


@dataclass(frozen=True)
class Scale:
    """Limits and colours that the panels of one figure share."""

    low: float
    high: float
    colours: Colormap
    extend: str = "neither"  # which ends are clipped


def symmetric(values: npt.NDArray[Any], colours: Colormap = WETNESS) -> Scale:
    """Limits about zero from the 98th percentile of |values|, rounded up to two digits."""
    finite = np.abs(values[np.isfinite(values)])
    if finite.size == 0 or finite.max() == 0:
        return Scale(-1.0, 1.0, colours)
    limit = round_up(_largest(finite))
    low, high = np.nanmin(values) < -limit, np.nanmax(values) > limit
    return Scale(-limit, limit, colours, _extend(bool(low), bool(high)))


def from_zero(values: npt.NDArray[Any], colours: Colormap = AMOUNT) -> Scale:
    """Limits from zero to the 98th percentile, rounded up to two digits."""
    finite = values[np.isfinite(values)]
    if finite.size == 0 or finite.max() <= 0:
        return Scale(0.0, 1.0, colours)
    limit = round_up(_largest(finite))
    return Scale(0.0, limit, colours, _extend(False, bool(finite.max() > limit)))


def _largest(amounts: npt.NDArray[Any]) -> float:
    """Take the 98th percentile of many amounts, the largest of few."""
    if amounts.size < 200:
        return float(amounts.max())
    return float(np.percentile(amounts, 98)) or float(amounts.max())


def _extend(low: bool, high: bool) -> str:
    return {(False, False): "neither", (True, False): "min", (False, True): "max"}.get(
        (low, high), "both"
    )


def round_up(value: float) -> float:
    """Round a positive number up to two significant digits."""
    unit = float(10.0 ** (np.floor(np.log10(value)) - 1))
    return float(np.ceil(round(value / unit, 6)) * unit)


def ink_on(rgba: Sequence[float]) -> str:
    """Black or white, whichever stands out more from the colour `rgba`: always at least 4.5:1."""
    red, green, blue = (
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in rgba[:3]
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return "#ffffff" if light < 0.179 else INK if light > 0.4 else "#000000"


def spread(values: npt.NDArray[Any], colours: Colormap = AMOUNT) -> Scale:
    """Limits of amounts: from zero, or from the 2nd percentile where zero would waste half."""
    whole = from_zero(values, colours)
    finite = values[np.isfinite(values)]
    if finite.size < 200:
        return whole
    low = float(np.percentile(finite, 2))
    if low < 0.33 * whole.high:
        return whole
    unit = float(10.0 ** (np.floor(np.log10(low)) - 1))
    low = float(np.floor(low / unit) * unit)
    return Scale(low, whole.high, colours, _extend(bool(finite.min() < low), whole.extend == "max"))
