import csv
import re

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


def test_windows_and_changes_are_drawn_beside_the_whole_record(tables):
    drawn = {path.stem for path in (tables / "figures").glob("*.png")}
    assert {"window-matrix-parts", "change-matrix-jumps", "trend-matrix-whole"} <= drawn
    assert [stem for stem in drawn if "parts" in stem] == ["window-matrix-parts"]
    page = (tables / "index.html").read_text(encoding="utf-8")
    assert "3 of 3 series have a significant change of level" in page
    assert re.search(r"Of 4 series: \d rise and \d fall significantly from 2000 to 2010", page)


def test_a_change_has_a_row_for_each_series_or_the_reason_why_not(tables):
    listed = rows(tables, "changes-jumps")
    assert len(listed) == 4
    assert float(listed[0]["change_time"]) == 2009
    assert float(listed[0]["p_value"]) == 0.02
    assert [row["status"] for row in listed].count("too few values") == 1
    page = (tables / "index.html").read_text(encoding="utf-8")
    assert "Likeliest change of level" in page


def test_windows_and_changes_of_a_grid_are_maps(tmp_path):
    folder = Folder(tmp_path)
    axes = {"latitude": np.linspace(39, 38, 5), "longitude": np.linspace(105, 106, 6)}
    coords = {**axes, **layers(EDGES)}
    dims, shape = ("depth", "latitude", "longitude"), (2, 5, 6)
    moisture = xr.Dataset({"soil_moisture": (dims, np.full(shape, 0.2))}, coords)
    folder.add("cube", "cube", moisture, sources=(source(),))
    words = [np.array(part, dtype=object) for part in zip(*WINDOWS, strict=True)]
    named = coords | {"window_start": ("window", words[0]), "window_end": ("window", words[1])}
    windowed = trend_of(("window", *dims), (2, *shape), named)
    folder.add("parts", "trend", windowed, inputs={"da": "soil_moisture"}, options={})
    p = label((windowed["p_value"] * 1.5).clip(max=1).to_dataset(name="p_value_adjusted"))
    folder.add("parts_fdr", "adjust_p_values", p, inputs={"p": "parts.p_value"})
    grid = xr.Dataset(
        {
            "change_time": (dims, np.full(shape, 2009.0)),
            "shift": (dims, np.full(shape, -0.5)),
            "p_value": (dims, np.full(shape, 0.02)),
            "status": (dims, np.zeros(shape, np.int8)),
        },
        coords,
    )
    folder.add("jumps", "change_point", label(grid, units="1"), inputs={"da": "soil_moisture"})
    page = write_report(folder.finish(title="Grid")).read_text(encoding="utf-8")
    drawn = {path.stem for path in (tmp_path / "report" / "figures").glob("*.png")}
    assert {
        "window-maps-parts-1", "window-maps-parts-2", "change-maps-jumps-change-time",
        "change-maps-jumps-shift",
    } <= drawn  # fmt: skip
    assert "The level changes significantly in at most 100 % of the cells at 0-10 cm" in page
    assert "median change comes after 2009 and 0 % of the changes are upwards" in page
