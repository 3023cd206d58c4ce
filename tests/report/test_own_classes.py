"""Factors that are classes already, in the report of the search beside those that were cut."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from report.conftest import Folder, source
from soilscope import optimize_strata
from soilscope.report.detector_prose import search_methods
from soilscope.report.figures import class_breaks, class_search
from soilscope.report.reading import Study
from soilscope.report.tables.detector import classes


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    rng = np.random.default_rng(3)
    coords = {
        "time": pd.date_range("2020-05", periods=2, freq="MS"),
        "y": 4.4e6 - 1000.0 * np.arange(12),
        "x": 5e5 + 1000.0 * np.arange(10),
    }
    cube = xr.Dataset(coords=coords)
    cube["elevation"] = (("y", "x"), rng.normal(3000.0, 900.0, (12, 10)), {"units": "m"})
    cover = rng.choice([1, 4, 10, 12], (12, 10)).astype("i2")
    flags = {"flag_values": [1, 4, 10, 12], "flag_meanings": "forest shrub grass crop"}
    cube["land_cover"] = (("y", "x"), cover, flags)
    cube["soil_moisture"] = 0.2 + 0.01 * cube["land_cover"] + 0.01 * cube["time"].dt.month
    cube["soil_moisture"] = cube["soil_moisture"] + 1e-5 * cube["elevation"]
    cube["soil_moisture"].attrs["units"] = "m3 m-3"
    maps = {name: cube[name] for name in ("elevation", "land_cover")}
    best = optimize_strata(cube["soil_moisture"], maps, n_classes=[3, 12])
    folder = Folder(tmp_path_factory.mktemp("own"))
    folder.add("cube", "cube", cube, sources=(source(),))
    folder.add("best", "optimize_strata", best,
               inputs={"y": "soil_moisture", "factors": list(maps)})  # fmt: skip
    return Study(folder.finish(title="Own classes"))


def test_own_classes_are_listed_with_their_number(study):
    rows = classes(study, "best").data
    own = rows[rows["factor"] == "land cover"]
    assert own["chosen"].unique().tolist() == ["own"]
    assert own["asked"].tolist() == own["obtained"].tolist() == [4.0, 4.0]
    assert (own["q"] > 0.9).all()
    assert (own["edges"] == "").all()


def test_figures_of_the_search_show_numbers_and_classes(study):
    [search] = class_search.plates(study, "best")
    assert "own 2" in search.seen
    assert "the most classes (12) in 2 of 2 choices" in search.seen
    assert search.draw() is not None
    [breaks] = class_breaks.plates(study, "best")
    assert breaks.seen.startswith("1 histogram cut")


def test_the_methods_say_that_classes_stayed(study):
    said = search_methods(study, "best")
    assert "land cover and other classes stayed as they are" in said
    assert "own" not in said
