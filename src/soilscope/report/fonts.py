"""Which fonts print the names of a study, and what is printed where none does."""

import logging
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

import matplotlib as mpl
from matplotlib.font_manager import FontProperties, findfont, fontManager, get_font

from soilscope.report.style import RC

BASE = "DejaVu Sans"  # comes with matplotlib

#: Families with Chinese, Japanese and Korean letters, in the order in which they are tried.
CJK = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "Microsoft YaHei",
    "PingFang SC",
    "Hiragino Sans GB",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "DengXian",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Noto Sans CJK TC",
    "Noto Sans CJK JP",
    "Noto Sans CJK KR",
    "Noto Serif CJK SC",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "AR PL UMing CN",
    "SimSun",
)


@dataclass(frozen=True)
class Fonts:
    """The families that figures are drawn with, and names that stand for unprintable ones."""

    families: tuple[str, ...] = (BASE,)
    shown_as: Mapping[str, str] = field(default_factory=dict)  # name -> 'zone 1'

    @property
    def warning(self) -> str:
        """What the page says where names are replaced; nothing where every name is printed."""
        if not self.shown_as:
            return ""
        return (
            f"No installed font prints {next(iter(self.shown_as))!r}: figures and their captions "
            "number the places, the key stands below. Install a font with these letters (such as "
            "Noto Sans CJK) and make the report anew."
        )


def fonts_for(places: Mapping[str, Iterable[str]], others: Iterable[str] = ()) -> Fonts:
    """Choose fonts that print the names of `places` (kind of place -> names) and `others`.

    The first installed family that prints the letters which DejaVu Sans lacks is added. Where there
    is none, every kind of place with an unprintable name is numbered: 'zone 1', 'zone 2'.
    """
    names = {kind: list(dict.fromkeys(found)) for kind, found in places.items()}
    every = [name for found in names.values() for name in found]
    lacking = unprintable("".join([*every, *others]), (BASE,))
    if not lacking:
        return Fonts()
    for family in installed(CJK):
        if not unprintable("".join(lacking), (family,)):
            return Fonts((BASE, family))
    shown_as = {
        name: f"{kind} {number}"
        for kind, found in names.items()
        if unprintable("".join(found), (BASE,))
        for number, name in enumerate(found, start=1)
    }
    return Fonts(shown_as=shown_as)


def installed(families: Iterable[str]) -> list[str]:
    """Those of `families` that matplotlib knows, in their order."""
    known = {entry.name for entry in fontManager.ttflist}
    return [family for family in families if family in known]


def unprintable(text: str, families: Iterable[str]) -> set[str]:
    """Letters of `text` that none of `families` has."""
    lacking = {letter for letter in text if letter.isprintable() and not letter.isspace()}
    for family in families:
        if not lacking:
            break
        font = get_font(findfont(FontProperties(family=family), fallback_to_default=False))
        lacking = {letter for letter in lacking if not font.get_char_index(ord(letter))}
    return lacking


def printable(text: str, families: Iterable[str]) -> str:
    """`text` with a box in place of each letter that no family has."""
    lacking = unprintable(text, families)
    return "".join("\N{WHITE SQUARE}" if letter in lacking else letter for letter in text)


@contextmanager
def drawing(fonts: Fonts) -> Iterator[None]:
    """Draw in the style of the report with the families of `fonts`.

    matplotlib logs a line for every bold text in a family without a bold face; the regular face
    that it takes then is what is wanted.
    """
    logger = logging.getLogger("matplotlib.font_manager")
    logger.addFilter(_not_about_weight)
    try:
        with mpl.rc_context(RC | {"font.family": list(fonts.families)}):
            yield
    finally:
        logger.removeFilter(_not_about_weight)


def _not_about_weight(record: logging.LogRecord) -> bool:
    return "Failed to find font weight" not in str(record.msg)
