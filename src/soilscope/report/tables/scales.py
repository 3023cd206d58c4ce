"""Tables of the detectors beside the first: scales, and pairs in the zones of trees."""

from typing import Any

import numpy as np
import pandas as pd

from soilscope.report.detector import dagger_note, labels_of
from soilscope.report.reading import Study
from soilscope.report.tables.detector import rows_of
from soilscope.report.tables.table import Table, count, three
from soilscope.report.words import file_stem, flags, sentences


def scales(study: Study, name: str) -> Table | None:
    """List q of each factor by the edge of blocks and by the spacing of a net."""
    ds = study.data(name)
    rows: list[dict[str, Any]] = []
    for head, one in rows_of(study, ds):
        one = one.transpose("factor", "grain", "spacing")
        for i, label in enumerate(labels_of(one)):
            row = one.isel(factor=i)
            for kind, dim in (("blocks", "grain"), ("net", "spacing")):
                for k, size in enumerate(one[dim].values):
                    at = row.isel({dim: k})
                    cells = {
                        "q": at[f"q_by_{dim}"], "q_adjusted": at[f"q_adjusted_by_{dim}"],
                        "n": at[f"n_by_{dim}"],
                    } | ({"low": at["q_by_spacing_low"], "high": at["q_by_spacing_high"]}
                         if kind == "net" else {})  # fmt: skip
                    told = {"factor": label, "cells": kind, "size": float(size)}
                    rows.append(head | told | {key: float(v) for key, v in cells.items()})
    if not rows:
        return None
    return Table(
        file_stem("scales", name), name, "detector", f"Size and spacing of cells ({name})",
        sentences(
            "Blocks of so many cells along each edge, or a net of every so many cells: its median "
            "over the places where it can begin, and the smallest and largest.", dagger_note(ds),
        ),
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        {"cells": "by", "size": "cells", "q_adjusted": "adjusted q", "n": "number", "low": "from",
         "high": "to"},
        dict.fromkeys(("q", "q_adjusted", "low", "high"), three)
        | dict.fromkeys(("size", "n"), count),
    )  # fmt: skip


def zone_pairs(study: Study, name: str) -> Table | None:
    """List what the zones of each pair of factors explain."""
    ds = study.data(name)
    rows = []
    for head, one in rows_of(study, ds):
        one = one.transpose("factor", "factor_2", ...)
        types, labels = flags(one["interaction"]), labels_of(one)
        values = {v: one[v].values for v in ("q12", "q12_adjusted", "interaction")}
        for i, j in zip(*np.triu_indices(len(labels), 1), strict=True):
            cells: dict[str, Any] = {v: float(values[v][i, j]) for v in ("q12", "q12_adjusted")}
            cells["type"] = types[int(values["interaction"][i, j])]
            rows.append(head | {"factor": labels[i], "factor_2": labels[j]} | cells)
    if not rows:
        return None
    return Table(
        file_stem("zone-pairs", name), name, "detector", f"Zones of pairs of factors ({name})",
        sentences(
            "q of the leaves of a regression tree of both factors; types by Wang et al. (2010), of "
            "plain q: both trees are chosen by soil moisture.", dagger_note(ds),
        ),
        pd.DataFrame(rows), {"factor_2": "and", "q12_adjusted": "adjusted q12"},
        dict.fromkeys(("q12", "q12_adjusted"), three),
    )  # fmt: skip
