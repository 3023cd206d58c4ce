"""The tables of the report: as data for CSV, and as text for the page."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from soilscope.report.drivers import driver_names, significance
from soilscope.report.plates import Theme
from soilscope.report.reading import (
    Study,
    as_places,
    grid_dims,
    is_annual,
    place_dim,
    place_names,
)
from soilscope.report.trends import test_text, trend_words
from soilscope.report.words import (
    ALPHA,
    STATUS,
    decimals,
    file_stem,
    flags,
    number,
    p_text,
    percent,
    with_unit,
)

SHOWN = 200  # rows on the page; the CSV holds all
TALL = 48  # rows above which a table scrolls in its box
DRIEST = 5
Format = Callable[[Any], str]


@dataclass(frozen=True)
class Table:
    """A table of the report."""

    key: str  # stem of the file name and anchor on the page
    result: str  # what it is made of
    theme: Theme
    title: str
    note: str
    data: pd.DataFrame
    headings: Mapping[str, str]  # column -> heading with its unit
    formats: Mapping[str, Format]

    @property
    def columns(self) -> list[str]:
        """Headings of the columns on the page."""
        return [self.headings.get(c, c.replace("_", " ")) for c in self._shown]

    @property
    def _shown(self) -> list[str]:
        """Columns of the page: the verdict says what the status would."""
        return [c for c in self.data.columns if not (c == "status" and "verdict" in self.data)]

    @property
    def numeric(self) -> list[bool]:
        """Whether each column is aligned as numbers."""
        return [c in self.formats for c in self._shown]

    def rows(self) -> Iterator[list[str]]:
        """Rows as text, up to SHOWN."""
        for _, row in self.data.head(SHOWN).iterrows():
            yield [self.formats.get(c, _plain)(row[c]) for c in self._shown]

    @property
    def tall(self) -> bool:
        """Whether the table gets a box of its own height to scroll in."""
        return len(self.data) > TALL

    @property
    def hidden(self) -> int:
        """Number of rows that only the CSV holds."""
        return max(0, len(self.data) - SHOWN)


def _plain(value: Any) -> str:
    if value is None or (isinstance(value, float) and np.isnan(value)):
        return ""
    return str(value)


def _count(value: Any) -> str:
    return f"{value:.0f}" if np.isfinite(value) else ""


def _share(value: Any) -> str:
    return percent(value) if np.isfinite(value) else ""


def _two(value: Any) -> str:
    return decimals(value, 2)


def _three(value: Any) -> str:
    return number(value, 3) if np.isfinite(value) else ""


def _p(value: Any) -> str:
    return p_text(value) if value is not None and np.isfinite(value) else ""


def all_tables(study: Study) -> list[Table]:
    """Every table that the results of `study` allow, in the order of the page."""
    made: list[Table] = []
    for name, record in study.analyses.items():
        maker = _MAKERS.get(record.step)
        if maker is not None:
            made += [table for table in (maker(study, name),) if table is not None]
    return made


def driest_years(study: Study, name: str) -> Table | None:
    """List the lowest years of every layer of an annual index."""
    ds = study.data(name)
    if grid_dims(ds) is not None or not is_annual(ds):
        return None
    if study.upstream(name, "standardize") is None:
        return None
    annual = as_places(study.primary(name).to_dataset(name="value"))["value"]
    dim = str(place_dim(annual))
    annual = annual.transpose(dim, "depth", "time")
    years = annual["time"].dt.year.values
    rows = []
    for place, block in zip(place_names(annual), annual.values, strict=True):
        for layer, series in zip(study.layers(annual), block, strict=True):
            order = np.argsort(series, kind="stable")[:DRIEST]  # NaN come last
            found = [k for k in order if np.isfinite(series[k])]
            cells = {f"year_{r + 1}": int(years[k]) for r, k in enumerate(found)}
            values = {f"index_{r + 1}": float(series[k]) for r, k in enumerate(found)}
            rows.append({dim: place, "layer": layer} | _interleaved(cells, values))
    data = pd.DataFrame(rows)
    ranks = range(1, DRIEST + 1)
    return Table(
        file_stem("driest-years", name), name, "index", f"Five driest years ({name})",
        f"Lowest annual means of the index against {study.reference_text(name)}.",
        data, {f"year_{r}": f"{r}." for r in ranks} | {f"index_{r}": "index" for r in ranks},
        {f"index_{r}": lambda v: decimals(v, 3) for r in ranks}
        | {f"year_{r}": _count for r in ranks},
    )  # fmt: skip


def _interleaved(years: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for rank in range(1, DRIEST + 1):
        cells[f"year_{rank}"] = years.get(f"year_{rank}", np.nan)
        cells[f"index_{rank}"] = values.get(f"index_{rank}", np.nan)
    return cells


def trends(study: Study, name: str) -> Table | None:
    """List slope, interval and every p of each place and layer."""
    ds = study.data(name)
    if grid_dims(ds) is not None:
        return None
    ds = as_places(ds)
    dim = str(place_dim(ds))
    words = trend_words(study, name)
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(study.layers(ds)):
            at = words.at(i, j)
            rows.append(
                {
                    dim: place,
                    "layer": layer,
                    "n": at.n_obs,
                    "slope": at.slope,
                    "slope_low": at.low,
                    "slope_high": at.high,
                    "p_uncorrected": at.p if at.p_uncorrected is None else at.p_uncorrected,
                    "p_corrected": at.p if words.corrected else np.nan,
                    "p_after_fdr": np.nan if at.p_adjusted is None else at.p_adjusted,
                    "status": STATUS.get(at.status) or at.status,
                    "verdict": at.verdict,
                }
            )
    data = pd.DataFrame(rows)
    for column in ("slope_low", "p_corrected", "p_after_fdr"):
        if data[column].isna().all():
            data = data.drop(columns=[column, *(["slope_high"] if column == "slope_low" else [])])
    unit = ds["slope"].attrs.get("units")
    level = study.records[name].options.get("confidence") or 0.95
    return Table(
        file_stem("trend", name), name, "trend", f"Trend of every series ({name})",
        f"Theil-Sen slope, {test_text(study, name)}. {_tally(data)}",
        data,
        {"slope": with_unit("slope", unit), "slope_low": f"{level:.0%} from".replace("%", " %"),
         "slope_high": "to", "p_uncorrected": "p, uncorrected", "p_corrected": "p, corrected",
         "p_after_fdr": "p, after FDR"},
        {"n": _count, "slope": _three, "slope_low": _three, "slope_high": _three,
         "p_uncorrected": _p, "p_corrected": _p, "p_after_fdr": _p},
    )  # fmt: skip


def _tally(data: pd.DataFrame) -> str:
    """Count the verdicts in words."""
    counts = data["verdict"].value_counts()
    said = "; ".join(f"{count} {verdict}" for verdict, count in counts.items())
    text = f"Of {len(data)} series: {said}."
    if "p_after_fdr" not in data and len(data) > 1:
        text += (
            f" These p-values are not adjusted for {len(data)} tests, of which about "
            f"{max(1, round(ALPHA * len(data)))} would fall below {ALPHA:g} by chance."
        )
    return text


def drivers(study: Study, name: str) -> Table | None:
    """List the coefficients of each place, layer and driver."""
    ds = study.data(name)
    if grid_dims(ds) is not None:
        return None
    firm, test = significance(study, name)
    adjusted = study.adjusted(name)
    ds = ds.assign(firm=firm)
    if adjusted is not None:
        ds = ds.assign(p_after_fdr=adjusted)
    ds = as_places(ds).load()
    dim = str(place_dim(ds))
    units = ds["driver_units"].values if "driver_units" in ds.coords else None
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(study.layers(ds)):
            for k, driver in enumerate(driver_names(ds)):
                one = ds.isel({dim: i, "depth": j, "driver": k})
                unit = "" if units is None else f" (per {units[k]})"
                rows.append({dim: place, "layer": layer, "driver": driver + unit} | _numbers(one))
    status = flags(ds["status"])
    data = pd.DataFrame(rows)
    codes = ds["status"].transpose(dim, "depth").values.ravel().repeat(ds.sizes["driver"])
    data["status"] = [STATUS.get(_code(status, c)) or _code(status, c) for c in codes]
    columns = ("coefficient", "stderr", "coefficient_low", "coefficient_high",
               "standardized_coefficient", "partial_r", "vif", "r_squared")  # fmt: skip
    errors = "Newey-West" if study.records[name].options.get("errors") == "hac" else "ordinary"
    return Table(
        file_stem("drivers", name), name, "drivers", f"Coefficients of the drivers ({name})",
        f"Partial regression; errors are {errors}; VIF: variance inflation factor; "
        f"not significant: {test}.",
        data,
        {"stderr": "std. error", "coefficient_low": "from", "coefficient_high": "to",
         "standardized_coefficient": "standardised", "partial_r": "partial r", "vif": "VIF",
         "r_squared": "R\u00b2 of all", "p_value": "p", "p_after_fdr": "p, after FDR"},
        dict.fromkeys(columns, _three)
        | {"p_value": _p, "p_after_fdr": _p, "n": _count, "vif": lambda v: _two(v),
           "standardized_coefficient": _two, "partial_r": _two, "r_squared": _two},
    )  # fmt: skip


def _code(table: Mapping[int, str], code: int) -> str:
    return table.get(int(code), "ok").replace(" ", "_")


def _numbers(one: xr.Dataset) -> dict[str, Any]:
    wanted = (
        "coefficient", "stderr", "coefficient_low", "coefficient_high",
        "standardized_coefficient", "partial_r", "p_value", "p_after_fdr", "vif", "r_squared",
    )  # fmt: skip
    cells: dict[str, Any] = {"n": float(one["n_obs"])}
    cells |= {v: float(one[v]) for v in wanted if v in one}
    cells["significant"] = "yes" if bool(one["firm"]) else "no"
    return cells


def patterns(study: Study, name: str) -> Table:
    """List state, tendency and effects of each region and layer."""
    ds = study.data(name).load()
    shares = [v for v in ("deficit_share", "surplus_share", "drying_share", "wetting_share")
              if v in ds]  # fmt: skip
    rows = []
    for i, place in enumerate(place_names(ds)):
        for j, layer in enumerate(study.layers(ds)):
            one = ds.isel(region=i, depth=j)
            row: dict[str, Any] = {"region": place, "layer": layer}
            row |= {"state": _word(one["state"]), "state_mean": float(one["state_mean"])}
            row |= {"tendency": _word(one["tendency"])}
            row |= {
                v: float(one[v]) for v in ("slope", "p_value", "mean_slope", *shares) if v in one
            }
            for k, driver in enumerate(driver_names(ds) if "effect" in ds else []):
                row[driver] = _word(one["effect"].isel(driver=k))
                row[f"{driver} (mean)"] = float(one["effect_mean"].isel(driver=k))
            rows.append(row)
    data = pd.DataFrame(rows)
    means = [c for c in data.columns if c.endswith("(mean)")]
    return Table(
        file_stem("depth-patterns", name), name, "depth", f"State, tendency and drivers ({name})",
        "Shares are of the area; the slope is that of the regional mean series, the mean slope "
        "that of the cells. Shares of drying and wetting cells are by the p of each cell, before "
        "the false discovery rate.",
        data,
        {"state_mean": "mean index", "p_value": "p", "mean_slope": "mean of slopes",
         "deficit_share": "in deficit", "surplus_share": "in surplus", "drying_share": "drying",
         "wetting_share": "wetting"} | dict.fromkeys(means, "mean"),
        {"state_mean": _two, "slope": _three, "mean_slope": _three, "p_value": _p}
        | dict.fromkeys(shares, _share) | dict.fromkeys(means, _two),
    )  # fmt: skip


def pattern_strings(study: Study, name: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return each region with what changes along its depth: (region, [(what, pattern), ...])."""
    ds = study.data(name).load()
    said = []
    for i, place in enumerate(place_names(ds)):
        one = ds.isel(region=i)
        lines = [
            (word, str(one[v].item()))
            for word, v in (("state", "state_pattern"), ("tendency", "tendency_pattern"))
            if v in one
        ]
        if "effect_pattern" in one:
            texts = one["effect_pattern"].values
            lines += [(d, str(t)) for d, t in zip(driver_names(ds), texts, strict=True)]
        said.append((place, [(word, text.replace("->", "\u2192")) for word, text in lines]))
    return said


def _word(code: xr.DataArray) -> str:
    return flags(code).get(int(code), "")


def recoveries(study: Study, name: str) -> Table:
    """List what was planted and found, by layer (and driver), and over all layers."""
    ds = study.data(name).load()
    names = ("coverage_planted", "detected_share", "false_positive_share", "agreement", "n_planted",
             "n_null", "n_obs", "bias", "rmse", "correlation")  # fmt: skip
    held = [v for v in names if v in ds]
    group = ds[held]
    group = group if "depth" in group.dims else group.expand_dims("depth")
    layers = study.layers(group) if "depth" in ds.dims else ["all"]
    rows = []
    has_driver = "driver" in group.dims
    for k, driver in enumerate(driver_names(ds) if has_driver else [""]):
        one = group.isel(driver=k) if has_driver else group
        for j, layer in enumerate(layers):
            head = {"driver": driver} if has_driver else {}
            rows.append(head | {"layer": layer} | {v: float(one[v][j]) for v in held})
    pooled = {v: float(ds[f"{v}_pooled"]) for v in held
              if f"{v}_pooled" in ds and ds[f"{v}_pooled"].ndim == 0}  # fmt: skip
    if pooled:
        head = {"driver": "all"} if has_driver else {}
        rows.append(head | {"layer": "all"} | pooled)
    unit = ds["rmse"].attrs.get("units") if "rmse" in ds else None
    shares = ("coverage_planted", "detected_share", "false_positive_share", "agreement")
    return Table(
        file_stem("recovery", name), name, "recovery", f"Planted against found ({name})",
        "Covered: planted values inside their interval; false alarms: cells without a planted "
        "value that are significant, each for itself, before the false discovery rate.",
        pd.DataFrame(rows),
        {"coverage_planted": "covered", "detected_share": "detected",
         "false_positive_share": "false alarms", "n_planted": "planted cells",
         "n_null": "cells without", "n_obs": "cells", "bias": with_unit("bias", unit),
         "rmse": with_unit("RMSE", unit)},
        dict.fromkeys(shares, lambda v: f"{100 * v:.1f} %" if np.isfinite(v) else "")
        | dict.fromkeys(("n_planted", "n_null", "n_obs"), _count)
        | {"bias": _three, "rmse": _three, "correlation": _two},
    )  # fmt: skip


def written(tables: Sequence[Table], folder: Any) -> None:
    """Write every table as CSV with a byte-order mark, so that spreadsheets read it."""
    for table in tables:
        table.data.to_csv(
            folder / f"{table.key}.csv", index=False, encoding="utf-8-sig", float_format="%.6g"
        )


_MAKERS: Mapping[str, Callable[[Study, str], Table | None]] = {
    "composite": driest_years,
    "regional_mean": driest_years,
    "trend": trends,
    "partial_regression": drivers,
    "depth_pattern": patterns,
    "recovery": recoveries,
}
