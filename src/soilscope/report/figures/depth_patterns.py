"""State, tendency and drivers from the surface down, region by region (paper A's Table 2)."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.figure import Figure

from soilscope.report.drivers import circular_note, circular_words, driver_labels
from soilscope.report.layout import Margins, sheet
from soilscope.report.matrix import LETTER, draw_words
from soilscope.report.plates import Plate
from soilscope.report.reading import Frame, Study, place_names
from soilscope.report.style import MASKED, SIGNED, WETNESS, WIDTH
from soilscope.report.words import MINUS, decimals, file_stem, flags, number, sentences, with_unit

PER_SHEET = 4
MOST = 24
LEFT = 0.85
NEUTRAL = "#f3f3f3"
#: Symbols that DejaVu Sans has; colour is never the only sign.
STATE = {"deficit": "\u2212", "neutral": "\u25cb", "surplus": "+"}
NONE = "\u25cb"
TENDENCY = {"drying": "\u25bc", "neutral": "\u25cb", "wetting": "\u25b2"}


def depth_patterns(
    pattern: xr.Dataset,
    *,
    layers: Sequence[str],
    title: str,
    subtitle: str,
    note: str,
    frame: Frame,
) -> Figure:
    """Draw a panel a region: state, tendency, and the association with each driver, by layer."""
    places = place_names(pattern)
    drivers = driver_labels(pattern) if "effect" in pattern else []
    columns = ["state", "tendency", *drivers]
    cols = 1 if len(columns) > 5 else 2
    cols = min(cols, len(places))
    gap = 0.2
    width = min(0.85 * len(columns), (WIDTH - LEFT - 0.1 - (cols - 1) * gap) / cols)
    rows = -(-len(places) // cols)
    out = sheet(
        rows, cols, panel=(width, 0.2 * len(layers)), title=title, subtitle=subtitle, note=note,
        frame=frame,
        margins=Margins(left=LEFT, right=0.1, top=0.42, bottom=0.1, gap_x=gap, gap_y=0.48),
    )  # fmt: skip
    for k, ax in enumerate(out.flat):
        if k >= len(places):
            ax.remove()
            continue
        one = pattern.isel(region=k)
        cells = [_layer(one.isel(depth=i)) for i in range(len(layers))]
        draw_words(
            ax, [[colour for colour, _ in row] for row in cells],
            [[text for _, text in row] for row in cells],
            rows=layers if k % cols == 0 else [""] * len(layers), columns=columns, fontsize=6,
        )  # fmt: skip
        size = width / len(columns) * 72 / (LETTER * max(map(len, columns)))
        ax.tick_params(axis="x", labelsize=min(6.5, size))
        ax.set_title(places[k], loc="left", fontsize=7.5, fontweight="bold", pad=4)
    return out.figure


def _layer(one: xr.Dataset) -> list[tuple[str, str]]:
    """Colour and text of each cell of one region's layer."""
    cells = [_word(one["state"], one["state_mean"], STATE)]
    slope = one["slope"] if "slope" in one else one["mean_slope"]
    cells.append(_word(one["tendency"], slope, TENDENCY))
    for d in range(one.sizes.get("driver", 0) if "effect" in one else 0):
        effect = one.isel(driver=d)
        word = flags(effect["effect"]).get(int(effect["effect"]), "")
        mean = float(effect["effect_mean"])
        cells.append((_effect_colour(word), _effect_text(word, mean)))
    return cells


def _word(code: xr.DataArray, value: xr.DataArray, symbols: dict[str, str]) -> tuple[str, str]:
    word = flags(code).get(int(code))
    if word is None:
        return MASKED, ""
    colour = {"deficit": _tone(WETNESS, 0.25), "drying": _tone(WETNESS, 0.25),
              "surplus": _tone(WETNESS, 0.75), "wetting": _tone(WETNESS, 0.75)}  # fmt: skip
    text = number(float(value), 2)
    if symbols is STATE:
        text = decimals(float(value), 2)
        text = text if word == "neutral" else text.lstrip(MINUS)  # the symbol says the sign
    return colour.get(word, NEUTRAL), f"{symbols[word]}  {text}"


def _effect_text(word: str, mean: float) -> str:
    if not np.isfinite(mean):
        return ""
    sign = "+" if "positive" in word else "\u2212"
    size = 3 if word.startswith("very") else 2 if word.startswith("strong") else 1
    return f"{NONE}  {decimals(mean, 2)}" if word == "none" else f"{sign * size}  {abs(mean):.2f}"


def _effect_colour(word: str) -> str:
    size = 3 if word.startswith("very") else 2 if word.startswith("strong") else 1
    if not word:
        return MASKED
    if word == "none":
        return NEUTRAL
    return _tone(SIGNED, 0.5 + (0.13 * size if "positive" in word else -0.13 * size))


def _tone(colours: Any, position: float) -> str:
    from matplotlib.colors import to_hex

    return str(to_hex(colours(position)))


def plates(study: Study, name: str) -> Iterator[Plate]:
    """Make a sheet for every four regions."""
    ds = study.data(name).load()
    options = study.records[name].options
    state = str(study.records[name].inputs.get("state", "")).split(".")[0]
    reference = study.reference_text(state) if state in study.analyses else ""
    alpha, band = float(options.get("alpha", 0.05)), float(options.get("dead_band", 0.05))
    layers = study.layers(ds)
    slope = with_unit("the slope", (ds["slope"] if "slope" in ds else ds["mean_slope"]).attrs.get(
        "units"))  # fmt: skip
    title = f"Depth patterns ({name})"
    count = min(ds.sizes["region"], MOST)
    for part, start in enumerate(range(0, count, PER_SHEET)):
        window = ds.isel(region=slice(start, min(start + PER_SHEET, count)))
        suffix = () if count <= PER_SHEET else (str(part + 1),)
        yield Plate(
            key=file_stem("depth-patterns", name, *suffix),
            title=title,
            seen=sentences(_alt(window, most=2), circular_words(ds) if "effect" in ds else ""),
            how=(
                f"State against {reference or 'the given reference'} "
                f"(neutral within {band:g} of zero), tendency of the regional mean series "
                f"(neutral unless p < {alpha:g}), and the area-mean standardised coefficient of "
                "each driver."
            ),
            alt=f"Table of symbols by layer. {_alt(window)}",
            draw=partial(
                depth_patterns, window, layers=layers, title=title, frame=study.frame,
                subtitle=f"Reference of the state: {reference}." if reference else "",
                note=sentences(
                    "State: \u2212 deficit, + surplus, with the mean index.",
                    f"Tendency: \u25bc drying, \u25b2 wetting, with {slope}.",
                    "Drivers: one to three signs are weak, strong and very strong associations, "
                    "with the mean coefficient. \u25cb neutral or none.",
                    circular_note(ds) if "effect" in ds else "",
                ),
            ),
        )  # fmt: skip


def _alt(ds: xr.Dataset, *, most: int | None = None) -> str:
    said = []
    for k, place in enumerate(place_names(ds)[:most]):
        one = ds.isel(region=k)
        state, tendency = (str(one[f"{v}_pattern"].item()) for v in ("state", "tendency"))
        said.append(f"{place} has, from the surface down, {state} and {tendency}")
    return "; ".join(said).replace(" -> ", ", then ") + "."
