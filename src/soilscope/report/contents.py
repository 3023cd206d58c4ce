"""What the page says besides figures and tables: summary, warnings, methods, provenance."""

import re
from collections.abc import Mapping
from typing import Any

from soilscope.report.reading import Study, grid_dims, place_dim, place_names
from soilscope.report.tables.depth_patterns import pattern_strings
from soilscope.report.words import listed, number, unit_text
from soilscope.study.store import CUBE, Record

THEMES = (
    ("area", "Study area and inputs"),
    ("downscaling", "Downscaling"),
    ("variation", "Variation in space and time"),
    ("variogram", "Semivariograms"),
    ("detector", "Geographical detector"),
    ("index", "Index"),
    ("events", "Drought events"),
    ("trend", "Trends"),
    ("drivers", "Drivers"),
    ("depth", "Depth patterns"),
    ("agreement", "Agreement of products"),
    ("recovery", "Planted against found"),
)
_DOI = re.compile(r"10\.\d{4,9}/[^\s;,]+(?<![.])")


def contents(study: Study) -> dict[str, Any]:
    """Everything that the template needs apart from figures and tables."""
    text = study.root / "study.yaml"
    return {
        "title": study.manifest.get("title") or "Soil moisture study",
        "description": study.manifest.get("description") or "",
        "synthetic": study.frame.synthetic,
        "facts": facts(study),
        "warnings": all_warnings(study),
        "place_key": [(n, p) for p, n in study.pictured.fonts.shown_as.items()],
        "cautions": cautions(study),
        "themes": THEMES,
        "patterns": [
            (name, pattern_strings(study, name)) for name in study.of_step("depth_pattern")
        ],
        "steps": {record.step for record in study.analyses.values()},
        "options": {r.step: r.options for r in reversed(list(study.analyses.values()))},
        "corrections": sorted(
            {str(study.records[n].options.get("correction")) for n in study.of_step("trend")}
        ),
        "references": references(study),
        "sources": [source(s) for s in study.sources],
        "cube": study.records[CUBE],
        "records": [provenance(record) for record in study.records.values()],
        "versions": study.records[CUBE].versions,
        "finished": study.manifest.get("finished") or "",
        "study_text": text.read_text(encoding="utf-8") if text.is_file() else "",
        "study_name": study.manifest.get("study") or "study.yaml",
    }


def all_warnings(study: Study) -> list[tuple[list[str], str]]:
    """Return (results, warning) of the analyses, and of the figures where letters are lacking.

    What several results say in the same words is told once.
    """
    said: dict[str, list[str]] = {}
    for name, record in study.records.items():
        for text in record.warnings:
            said.setdefault(text, []).append(name)
    lacking = study.pictured.fonts.warning
    if lacking:
        said.setdefault(lacking, []).append("figures")
    return [(names, text) for text, names in said.items()]


def facts(study: Study) -> list[tuple[str, str]]:
    """Say what was run: (what, how much)."""
    cube = study.cube
    said = [("Data", study.frame.source.removeprefix("Data: ").split(". ")[0])]
    dim = place_dim(cube)
    if dim:
        names = place_names(cube)
        said.append((f"{len(names)} {dim}s" if len(names) != 1 else dim, listed(names)))
    grid = grid_dims(cube)
    if grid:
        said.append(("Grid", f"{cube.sizes[grid[0]]} \u00d7 {cube.sizes[grid[1]]} cells"))
    regions = _regions(study)
    if regions:
        said.append(("Regions", listed(regions)))
    layers = study.layers(cube)
    if len(layers) > 1 or layers[0]:
        said.append((f"{len(layers)} layers", listed(layers)))
    if study.period:
        said.append(("Period", f"{study.period}, {cube.sizes['time']} steps"))
    seconds = sum(record.seconds for record in study.records.values())
    said.append(("Analyses", f"{len(study.analyses)}, made in {number(seconds, 2)} seconds"))
    return said


def _regions(study: Study) -> list[str]:
    for name in study.of_step("regional_mean", "depth_pattern"):
        ds = study.data(name)
        if "region" in ds.dims and ds.sizes["region"] > 1:
            return place_names(ds.drop_dims("site", errors="ignore"))
    return []


def cautions(study: Study) -> list[str]:
    """Sentences that hold for every result of this study, said before the results."""
    said = []
    if any(True for _ in study.of_step("trend")):
        said.append(
            "A trend is called significant only by the p-value after every correction that the "
            "study made: for serial correlation, and for the many tests of a map (FDR). Where "
            "only the uncorrected p is below 0.05 the tables say: not robust to serial correlation."
        )
        plain = [n for n in study.of_step("trend")
                 if study.records[n].options.get("correction") == "none"]  # fmt: skip
        if plain:
            said.append(
                f"{listed(plain)}: the Mann-Kendall test was made without a correction for "
                "serial correlation; its p-values are too small where neighbouring values of a "
                "series resemble each other."
            )
    if any(True for _ in study.of_step("partial_regression")):
        said.append("Coefficients of drivers are associations, not effects.")
        if len(study.sources) == 1:
            said.append(
                "Soil moisture and its drivers come from the same product, so they are not "
                "independent of each other."
            )
    return said


def references(study: Study) -> list[tuple[str, str | None]]:
    """Return the works that the results name: (text, DOI or None), each once."""
    found: dict[str, str | None] = {}
    for name in study.analyses:
        for part in str(study.data(name).attrs.get("references", "")).split(";"):
            text = " ".join(part.split())
            if not text:
                continue
            match = _DOI.search(text)
            doi = match.group(0) if match else None
            words = re.sub(r"(doi:)?\s*" + re.escape(doi), "", text).strip(" ,.:") if doi else text
            if doi is None or doi not in found.values():
                found.setdefault(words or str(doi), doi)
    return sorted(("" if text == doi else text, doi) for text, doi in found.items())


def source(about: Mapping[str, Any]) -> dict[str, Any]:
    """One input as the provenance shows it."""
    variables = [
        {
            "name": name,
            "theirs": v.get("source_name", ""),
            "before": unit_text(v.get("source_units")) or v.get("source_units", ""),
            "after": unit_text(v.get("units")) or v.get("units", ""),
            "counts": _counts(v.get("counts")),
        }
        for name, v in about.get("variables", {}).items()
    ]
    return {
        "name": about.get("name", ""),
        "product": about.get("product", ""),
        "title": about.get("title", ""),
        "source": about.get("source", ""),
        "files": list(about.get("files", ())),
        "lineage": list(about.get("lineage", ())),
        "synthetic": bool(about.get("synthetic")),
        "variables": variables,
    }


def _counts(counts: Mapping[str, Any] | None) -> dict[str, str]:
    if not counts:
        return {}
    outside = float(counts.get("below", 0)) + float(counts.get("above", 0))
    return {
        "n": f"{int(counts.get('n', 0)):,}",
        "missing": f"{int(counts.get('missing', 0)):,}",
        "outside": f"{int(outside):,}",
        "range": f"{number(counts['lowest'], 3)} to {number(counts['highest'], 3)}",
    }


def provenance(record: Record) -> dict[str, Any]:
    """One result as the provenance shows it."""
    return {
        "name": record.name,
        "step": record.step,
        "inputs": [
            (k, v if isinstance(v, str) else ", ".join(v)) for k, v in record.inputs.items()
        ],
        "options": [(k, _option(v)) for k, v in record.options.items()],
        "seconds": number(record.seconds, 2) if record.seconds else "0",
        "finished": record.finished,
        "fingerprint": record.fingerprint[:16],
        "slabs": record.slabs,
    }


def _option(value: Any) -> str:
    if value is None:
        return "\u2013"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping):
        return ", ".join(f"{k}: {v}" for k, v in value.items())
    if isinstance(value, list | tuple):
        return ", ".join(map(_option, value))
    return str(value)
