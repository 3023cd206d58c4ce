"""Paper A from its own products: the example study, on small files in their real layouts."""

import importlib.util
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from soilscope.errors import SoilscopeWarning
from soilscope.report.page import write_report
from soilscope.study.config import load_study
from soilscope.study.plan import plan
from soilscope.study.runner import run_study
from soilscope.study.store import Store
from soilscope.twin.helan import helan

EXAMPLE = Path(__file__).parents[2] / "examples" / "helan.yaml"


def beside(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Files of every product, under a folder with a Chinese name and a space."""
    folder = tmp_path_factory.mktemp("paper") / "数据 贺兰山"
    folder.mkdir()
    beside("helan_files").write_helan_files(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOILSCOPE_HELAN", str(folder))
        yield folder


@pytest.fixture(scope="module")
def results(data):
    with pytest.warns(SoilscopeWarning) as caught:
        folder = run_study(EXAMPLE, results=data / "结果")
    told = {str(item.message) for item in caught}
    assert any("are not independent" in text for text in told)
    return Store(folder)


def test_check_finds_no_fault_and_says_what_is_missing(data):
    with pytest.warns(SoilscopeWarning, match="0.5 degrees wide, those of ERA5-Land 0.1"):
        found = plan(load_study(EXAMPLE))
    assert found.faults == []
    text = "\n".join(found.text())
    assert "daily values to calendar months (at least 80% of the days)" in text
    assert "bilinear interpolation from cells of 0.5 degrees to 0.25 degrees" in text
    assert "132 month(s) missing: 2010-01" in text
    assert "3 zone(s)" in text
    assert "gb18030" in text


def test_the_cube_holds_what_the_files_were_made_from(results):
    cube = results.open("cube").load()
    twin = helan(spacing=0.25, months=120).reindex_like(cube, method="nearest", tolerance=1e-6)
    here = (cube.zone >= 0).values
    assert here.sum() == (twin.zone >= 0).values.sum()
    assert np.isnan(cube.soil_moisture.values[..., ~here]).all()
    ours, theirs = cube.soil_moisture.values[..., here], twin.soil_moisture.values[..., here]
    np.testing.assert_allclose(ours, theirs, atol=6e-4)  # stored as thousandths
    assert cube.soil_moisture_era5_land.sizes["depth_era5_land"] == 4
    for name in ("temperature", "precipitation", "vpd", "ndvi"):
        assert np.isfinite(cube[name].values[..., here]).mean() > 0.95


def test_the_zones_are_the_districts(results):
    regions = results.open("regional_index").region.values.tolist()
    assert set(regions) >= set(beside("helan_files").DISTRICTS)


def test_every_analysis_of_the_paper_comes_to_a_result(results):
    trend = results.open("index_trend").load()
    assert (trend.status == 0).sum() == 10 * (results.open("cube").zone >= 0).sum()
    drivers = results.open("merged_drivers").load()
    assert drivers.driver.values.tolist() == ["precipitation", "temperature", "vpd", "ndvi"]
    assert (drivers.status == 0).sum() > 0
    depths = results.open("depths").load()
    assert set(depths.region.values.tolist()) >= set(beside("helan_files").DISTRICTS)
    # rain wets the surface more than the deep soil, as planted
    effect = drivers.coefficient.sel(driver="precipitation").mean(["latitude", "longitude"])
    assert effect.values[0] > effect.values[2]


def test_the_validation_says_that_the_pair_is_not_independent(results):
    validation = results.open("validation").load()
    assert "ERA5-Land" in validation.attrs["dependent"]
    assert (validation.r_squared > 0.2).all()
    assert (validation.r_squared_low <= validation.r_squared).all()


def test_the_report_holds_every_figure_and_table(results):
    page = write_report(results.root).read_text(encoding="utf-8")
    for words in (
        "Study area",
        "Table 1",
        "Annual soil moisture index by layer and year",
        "Mean soil moisture index (pooled_state)",
        "Mean soil moisture index (profile_state)",
        "not independent",
        "Depth patterns",
        "卫宁平原",
    ):
        assert words in page, words
    figures = {path.stem for path in (results.root / "report" / "figures").glob("*.png")}
    assert figures >= {
        "study-area",
        "lineage",
        "heatmap-regional-index",
        "state-maps-pooled-state",
        "state-maps-profile-state",
        "onset-profile-onset-delay",
        "trend-maps-index-trend",
        "trend-maps-moisture-trend",
        "slope-pairs-regional-trend",
        "lag-profile-precipitation-lag-0",
        "coefficient-maps-merged-drivers",
        "dominant-maps-merged-drivers",
        "depth-patterns-depths",
    }
