"""Table of trends: slope, interval and every p."""

import numpy as np
import pandas as pd

from soilscope.report.reading import Study, as_places, grid_dims, place_dim, place_names
from soilscope.report.tables.parts_of_records import trend_windows
from soilscope.report.tables.table import Table, count, p_value, three
from soilscope.report.trends import test_text, trend_words
from soilscope.report.words import ALPHA, STATUS, file_stem, with_unit


def trends(study: Study, name: str) -> Table | None:
    """List slope, interval and every p of each place and layer."""
    ds = study.data(name)
    if "window" in ds.dims:
        return trend_windows(study, name)
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
        {"n": count, "slope": three, "slope_low": three, "slope_high": three,
         "p_uncorrected": p_value, "p_corrected": p_value, "p_after_fdr": p_value},
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
