"""Traps of products that only the period of a study shows."""

import re
from collections.abc import Iterator

from soilscope.study.check_table import Problem
from soilscope.study.config import Study

_BEGIN = "2021"
#: MOD16A2 without gap filling, of version 6.1 where the name tells a version.
_UNFILLED = re.compile(r"M[OY]D16A2(?!GF)", re.IGNORECASE)
_VERSION_6 = re.compile(r"[._]006[._]")


def check_traps(study: Study) -> list[Problem]:
    """Return which periods of a study the version of a product does not have."""
    return list(_evapotranspiration(study))


def _evapotranspiration(study: Study) -> Iterator[Problem]:
    for name, spec in study.inputs.items():
        period = spec.options.get("period") or study.period
        if spec.product != "modis_et" or period is None or str(period[0]) >= _BEGIN:
            continue
        unfilled = [path for path in spec.paths if _UNFILLED.search(path.name)]
        if unfilled and not any(_VERSION_6.search(path.name) for path in unfilled):
            yield Problem(
                name,
                first=str(period[0]),
                last=min(str(period[1]), "2020-12"),
                problem="MOD16A2 of version 6.1 has nothing before 2021, and MOD16A2GF has",
                remedy="download MOD16A2GF, which begins in 2000",
            )
