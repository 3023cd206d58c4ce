"""What the geographical detector found: which factor leads when, and what pairs add."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.detector import claim, dates, marks_of, names_of, on_date, parts
from soilscope.report.figures.leading_factors import leaders
from soilscope.report.interactions import counted, strongest
from soilscope.report.reading import Study
from soilscope.report.words import decimals, p_equals

Array = np.ndarray[Any, Any]


def factors_found(study: Study) -> Iterator[tuple[str, str]]:
    """Say which factor leads on most dates, and which of those that are not circular."""
    for name in list(study.of_step("factor_detector"))[:1]:
        said = claim(study, name)
        more = {"firm": said.firm, "p": said.adjusted if said.adjusted is not None else said.p}
        ds = study.data(name).assign({k: da for k, da in more.items() if da is not None})
        _, one = next(parts(study, ds))
        one = one.transpose("factor", "time", ...).load()
        every, free = leaders(one)
        if (every < 0).all():
            if said.firm is not None:
                yield name, "No factor explains significantly more of the pattern than chance."
            continue
        text, first = _told(one, every)
        text = f"The pattern of soil moisture goes most with {text}"
        if marks_of(one)[first]:
            text += f"; soil moisture was made from {names_of(one)[first]} or its product"
            if (free >= 0).any():
                text += f", and of the other factors it goes most with {_told(one, free)[0]}"
        yield name, f"{text}." if said.firm is not None else f"{text}; no significance is claimed."


def _told(one: xr.Dataset, first: Array) -> tuple[str, int]:
    """Name the factor that leads on most dates, with its largest q; and return its place."""
    known = first[first >= 0]
    k = int(np.bincount(known).argmax())
    q = np.where(first == k, one["q"].values[k], -np.inf)
    t = int(q.argmax())
    when = dates(one)
    estimated = int(np.isfinite(one["q"].values).any(axis=0).sum())
    often = (
        f", which leads on {int((first == k).sum())} of {estimated} dates" if when != [""] else ""
    )
    p = f", {p_equals(float(one['p'].values[k, t]))}" if "firm" in one else ""
    return f"{names_of(one)[k]}{often} (q {decimals(float(q[t]), 2)}{on_date(when[t])}{p})", k


def pairs_found(study: Study) -> Iterator[tuple[str, str]]:
    """Say how many enhancements noise alone would give, and which pair explains most."""
    for name in list(study.of_step("interaction_detector"))[:1]:
        _, one = next(parts(study, study.data(name)))
        one = one.transpose("factor", "factor_2", "time", ...).load()
        plain, kept, noise = counted(one)
        if not plain:
            continue
        i, j, t = strongest(one)
        names = names_of(one)
        q = decimals(float(one["q12"].values[i, j, t]), 2)
        yield (
            name,
            (
                f"Of all pairs {names[i]} and {names[j]} explain most "
                f"(q {q}{on_date(dates(one)[t])}); of {plain:,} pairs that plain q calls enhanced, "
                f"noise alone would give {noise:,}, and {kept:,} remain."
            ),
        )
