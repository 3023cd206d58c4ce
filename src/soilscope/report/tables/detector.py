"""Tables of the geographical detector: factors, pairs, strata, classes, comparisons."""

import itertools
from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.report.classes import chosen_edges, class_words, method_words, place_of
from soilscope.report.detector import (
    chosen_by,
    claim,
    dagger_note,
    dates,
    labels_of,
    on_grid,
    parts,
)
from soilscope.report.interactions import by_chance
from soilscope.report.reading import Study
from soilscope.report.risk import CAUTION, categories, letters, stratum_word
from soilscope.report.robust import as_factors, as_search
from soilscope.report.tables.table import Table, count, p_value, three
from soilscope.report.words import STATUS, file_stem, flags, sentences, unit_text

_FACTORS = ("q", "q_adjusted", "q_low", "q_high", "n_strata", "n_obs")
_FAIR = "Adjusted q: beyond what as many strata at random explain."
_PAIRS = ("q12", "q12_adjusted", "p_value", "p_excess", "n_strata")
_ECOLOGY = ("q_difference", "q_difference_low", "q_difference_high", "p_bootstrap", "f", "p_value")


def factors(study: Study, name: str) -> Table | None:
    """List q of each date, layer and factor, with the p-values that count."""
    said = claim(study, name)
    ds = as_factors(study.data(name))
    more = {"p_value": said.p, "p_after_fdr": said.adjusted, "firm": said.firm}
    ds = ds.assign({key: da for key, da in more.items() if da is not None})
    if said.p is None:
        ds = ds.drop_vars("p_value", errors="ignore")
    if on_grid(study, name):  # bounds are of independent cells
        ds = ds.drop_vars(["q_low", "q_high"], errors="ignore")
    rows = []
    for head, one in rows_of(study, ds):
        status = [STATUS.get(w) or w for w in _words(one["status"])]
        for i, label in enumerate(labels_of(one)):
            row = one.isel(factor=i)
            known = [v for v in (*_FACTORS, "p_value", "p_after_fdr") if v in row]
            cells: dict[str, Any] = {v: float(row[v]) for v in known}
            told = None if "firm" not in row else "yes" if bool(row["firm"]) else "no"
            cells |= {"significant": told, "status": status[i]}
            rows.append(head | {"factor": label} | cells)
    if not rows:
        return None
    return Table(
        file_stem("factors", name), name, "detector", f"Factors ({name})",
        sentences(
            f"p: {said.test}.", said.hatched.replace("Hatched:", "Not significant:"),
            _FAIR if "q_adjusted" in ds else "",
            "Bounds of q hold for independent cells." if "q_low" in ds else "", dagger_note(ds),
        ),
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        {"q_adjusted": "adjusted q", "q_low": "from", "q_high": "to", "n_strata": "strata",
         "n_obs": "cells", "p_value": "p", "p_after_fdr": "p, after FDR"},
        dict.fromkeys(("q", "q_adjusted", "q_low", "q_high"), three)
        | dict.fromkeys(("n_strata", "n_obs"), count)
        | dict.fromkeys(("p_value", "p_after_fdr"), p_value),
    )  # fmt: skip


def interactions(study: Study, name: str) -> Table | None:
    """List each pair of factors once, with both types and what noise alone would give."""
    ds = study.data(name)
    rows = []
    for head, one in rows_of(study, ds):
        one = one.transpose("factor", "factor_2")
        plain, kept = flags(one["interaction"]), flags(one["interaction_adjusted"])
        labels, noise = labels_of(one), by_chance(one)
        values = {v: one[v].values for v in (*_PAIRS, "interaction", "interaction_adjusted")}
        for i, j in zip(*np.triu_indices(len(labels), 1), strict=True):
            cells: dict[str, Any] = {v: float(values[v][i, j]) for v in _PAIRS}
            types = {
                "plain": plain[int(values["interaction"][i, j])],
                "adjusted": kept[int(values["interaction_adjusted"][i, j])],
                "noise": "yes" if noise[i, j] else "no",
            }
            rows.append(head | {"factor": labels[i], "factor_2": labels[j]} | cells | types)
    if not rows:
        return None
    return Table(
        file_stem("interactions", name), name, "detector", f"Pairs of factors ({name})",
        sentences(
            "Types by Wang et al. (2010), of plain and of adjusted q. Noise: plain q calls the "
            "pair enhanced, adjusted q (or the deals of the weaker factor) does not.",
            dagger_note(ds),
        ),
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        {"factor_2": "and", "q12_adjusted": "adjusted q12", "p_value": "p",
         "p_excess": "p of the excess", "n_strata": "strata", "plain": "type by plain q",
         "adjusted": "type by adjusted q", "noise": "noise would give it"},
        dict.fromkeys(("q12", "q12_adjusted"), three)
        | dict.fromkeys(("p_value", "p_excess"), p_value)
        | {"n_strata": count},
    )  # fmt: skip


def risks(study: Study, name: str) -> Table | None:
    """List the mean of each stratum, with letters of those that do not differ."""
    ds = study.data(name)
    edges, own = _edges(study, name), categories(study, name)
    rows = []
    for head, one in rows_of(study, ds):
        one = one.transpose("factor", "stratum", "stratum_2")
        for i, label in enumerate(labels_of(one)):
            row = one.isel(factor=i)
            groups = letters(row["mean"].values, row["p_value_adjusted"].values)
            ranges = edges.get((str(one["factor"].values[i]), *head.values()), [])
            for k in np.flatnonzero(row["count"].values > 0):
                cells = {v: float(row[v][k]) for v in ("count", "mean", "std")}
                told = {"range": ranges[k] if k < len(ranges) else ""}
                word = stratum_word(int(row["stratum"][k]), own.get(str(one["factor"].values[i])))
                stratum = {"factor": label, "stratum": word}
                rows.append(head | stratum | told | cells | {"letters": groups[k]})
    if not rows:
        return None
    data = pd.DataFrame(rows)
    if not data["range"].any():
        data = data.drop(columns="range")
    units = unit_text(ds["mean"].attrs.get("units"))
    return Table(
        file_stem("risk", name), name, "detector", f"Means of strata ({name})",
        sentences(
            f"Mean and SD in {units}." if units else "",
            "Strata of a factor and date that share a letter are not told apart (Welch, Holm).",
            f"{CAUTION}." if on_grid(study, name) else "", dagger_note(ds),
        ),
        data, {"count": "cells", "std": "SD", "range": "class"},
        dict.fromkeys(("mean", "std"), three) | {"count": count},
    )  # fmt: skip


def classes(study: Study, name: str) -> Table | None:
    """List for each date, layer and factor what was chosen, with its edges."""
    ds = as_search(study.data(name))
    words = method_words(ds)
    rows = []
    for head, one in rows_of(study, ds):
        status = [STATUS.get(w) or w for w in _words(one["status"])]
        for i, label in enumerate(labels_of(one)):
            row = one.isel(factor=i)
            edges = chosen_edges(row)
            m, n = int(row["best_method"]), int(row["best_n_classes"])
            chosen = row.isel(n_classes=place_of(row, n), method=m) if m >= 0 else None
            rows.append(
                head
                | {
                    "factor": label,
                    "chosen": words[m] if m >= 0 else "",
                    "asked": float(n) if m >= 0 else np.nan,
                    "obtained": np.nan if chosen is None else float(chosen["n_obtained"]),
                    "q": np.nan if chosen is None else float(chosen["q"]),
                    "p_value": float(row["p_value"]),
                    "edges": ", ".join(f"{v:.6g}" for v in edges),
                    "status": status[i],
                }
            )
    if not rows:
        return None
    return Table(
        file_stem("classes", name), name, "detector", f"Chosen classes ({name})",
        sentences(
            "p: share of surrogates whose best q of the whole search is as large.",
            "Edges in the units of each factor.", dagger_note(ds),
        ),
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        {"asked": "classes", "obtained": "with members", "p_value": "p"},
        {"q": three, "p_value": p_value, "asked": count, "obtained": count},
    )  # fmt: skip


def cuts(study: Study, name: str) -> Table | None:
    """List the classes of one factor, with their edges and members."""
    ds = study.data(name)
    rows = []
    for head, one in rows_of(study, ds):
        edges = one["breaks"].values[np.isfinite(one["breaks"].values)]
        codes = one["codes"].values
        rows += [
            head | {"class": k + 1, "from": a, "to": b, "cells": int((codes == k).sum())}
            for k, (a, b) in enumerate(itertools.pairwise(edges))
        ]
    if not rows:
        return None
    units = unit_text(ds["breaks"].attrs.get("units"))
    return Table(
        file_stem("cut", name), name, "detector", f"Classes ({name})",
        sentences(f"Edges in {units}." if units else "", "A class holds its upper edge."),
        pd.DataFrame(rows), {}, {"from": three, "to": three, "cells": count},
    )  # fmt: skip


def comparisons(study: Study, name: str) -> Table | None:
    """List each pair of factors once: which explains more, and whether that is certain."""
    ds = study.data(name)
    rows = []
    for head, one in rows_of(study, ds):
        labels = labels_of(one)
        values = {v: one[v].transpose("factor", "factor_2").values for v in _ECOLOGY}
        for i, j in zip(*np.triu_indices(len(labels), 1), strict=True):
            cells = {v: float(values[v][i, j]) for v in _ECOLOGY}
            rows.append(head | {"factor": labels[i], "factor_2": labels[j]} | cells)
    if not rows:
        return None
    return Table(
        file_stem("comparisons", name), name, "detector", f"Factors compared ({name})",
        sentences(
            "Difference of q, first less second, with the bounds and p-value of a bootstrap where "
            "one was made. The F-test takes both sums of squares as independent, which they are "
            "not.", dagger_note(ds),
        ),
        pd.DataFrame(rows).dropna(axis="columns", how="all"),
        {"factor_2": "less", "q_difference": "difference of q", "q_difference_low": "from",
         "q_difference_high": "to", "p_bootstrap": "p, bootstrap", "f": "F", "p_value": "p of F"},
        dict.fromkeys(("q_difference", "q_difference_low", "q_difference_high", "f"), three)
        | dict.fromkeys(("p_bootstrap", "p_value"), p_value),
    )  # fmt: skip


def rows_of(study: Study, ds: xr.Dataset) -> Iterator[tuple[dict[str, str], xr.Dataset]]:
    """Yield the words of a date and layer with data, and the part of a result that they name."""
    for layer, one in parts(study, ds.load()):
        known = one["n_obs"].values.reshape(one.sizes["time"], -1).max(axis=1) > 0
        for t, date in enumerate(dates(one)):
            if not known[t]:
                continue
            head = ({"date": date} if date else {}) | ({"layer": layer} if layer else {})
            yield head, one.isel(time=t)


def _words(status: xr.DataArray) -> list[str]:
    table = flags(status)
    return [table[int(code)].replace(" ", "_") for code in status.values]


def _edges(study: Study, name: str) -> dict[tuple[str, ...], list[str]]:
    """Return the ranges of the classes by factor and words, where a search chose them."""
    owner = chosen_by(study, name)
    if owner is None:
        return {}
    return {
        (str(key), *head.values()): class_words(chosen_edges(one.isel(factor=i)))
        for head, one in rows_of(study, study.data(owner))
        for i, key in enumerate(one["factor"].values)
    }
