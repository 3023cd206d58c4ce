import csv

import numpy as np
import pytest
import xarray as xr

from report.conftest import Folder, layers, source, trend_of
from soilscope.labelled import label
from soilscope.names import STATUS
from soilscope.report.page import write_report

SITES = np.array(["north", "south"], dtype=object)
WINDOWS = (("2000", "2010"), ("2005", "2020"))
EDGES = (0, 10, 30)


@pytest.fixture(scope="module")
def tables(tmp_path_factory):
    """Tables of a study whose first trend is one of windows."""
    folder = Folder(tmp_path_factory.mktemp("parts"))
    coords = {"site": SITES, **layers(EDGES)}
    years = np.arange("2000", "2021", dtype="datetime64[Y]").astype("datetime64[ns]")
    values = np.random.default_rng(1).normal(size=(21, 2, 2))
    annual = xr.Dataset({"ssmi": (("time", "depth", "site"), values)}, coords | {"time": years})
    folder.add("cube", "cube", annual.rename(ssmi="soil_moisture"), sources=(source(),))
    folder.add("annual", "composite", label(annual))
    words = [np.array(part, dtype=object) for part in zip(*WINDOWS, strict=True)]
    named = coords | {"window_start": ("window", words[0]), "window_end": ("window", words[1])}
    windowed = trend_of(("window", "depth", "site"), (2, 2, 2), named)
    options = {"correction": "ar1", "windows": [list(pair) for pair in WINDOWS]}
    folder.add("parts", "trend", windowed, inputs={"da": "annual"}, options=options)
    whole = trend_of(("depth", "site"), (2, 2), coords)
    folder.add("whole", "trend", whole, inputs={"da": "annual"}, options={"correction": "ar1"})
    folder.add("jumps", "change_point", changes(coords), inputs={"da": "annual"})
    write_report(folder.finish(title="Parts"))
    return folder.store.root / "report"


def changes(coords):
    dims, shape = ("depth", "site"), (2, 2)
    status = np.array([[0, 0], [0, STATUS.index("too_few")]], np.int8)
    known = np.where(status == 0, 1.0, np.nan)
    return label(
        xr.Dataset(
            {
                "change_time": (dims, 2009.0 * known),
                "shift": (dims, -0.5 * known),
                "statistic": (dims, 80.0 * known),
                "p_value": (dims, 0.02 * known),
                "p_value_uncorrected": (dims, 0.001 * known),
                "lag1_autocorrelation": (dims, 0.3 * known),
                "n_obs": (dims, np.full(shape, 21)),
                "status": (dims, status),
            },
            coords,
        ),
        units="1",
    )


def rows(report, key):
    with (report / "tables" / f"{key}.csv").open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_each_window_of_each_series_has_a_row(tables):
    listed = rows(tables, "trend-windows-parts")
    assert len(listed) == 8
    assert [(row["from"], row["to"]) for row in listed[:2]] == list(WINDOWS)
    assert {row["site"] for row in listed} == {"north", "south"}
    assert float(listed[0]["slope_low"]) < float(listed[0]["slope"])


def test_windows_are_listed_and_the_whole_record_is_drawn(tables):
    drawn = {path.stem for path in (tables / "figures").glob("*.png")}
    assert not [stem for stem in drawn if "parts" in stem]
    assert [stem for stem in drawn if stem.startswith("lines") or "whole" in stem]


def test_a_change_has_a_row_for_each_series_or_the_reason_why_not(tables):
    listed = rows(tables, "changes-jumps")
    assert len(listed) == 4
    assert float(listed[0]["change_time"]) == 2009
    assert float(listed[0]["p_value"]) == 0.02
    assert [row["status"] for row in listed].count("too few values") == 1
    page = (tables / "index.html").read_text(encoding="utf-8")
    assert "Likeliest change of level" in page
