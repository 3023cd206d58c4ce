"""The plan of a study: what is found and what is wrong before anything is computed."""

from pathlib import Path

import dask
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.study.config import load_study
from soilscope.study.plan import Plan, missing_months, plan

TABLE = """\
inputs:
  a: {product: table, paths: sm.csv, variables: {soil_moisture: {name: sm, units: m3 m-3}}}
  b: {product: table, paths: rain.csv, variables: {precipitation: {name: p, units: mm month-1}}}
analyses:
  index: {step: standardize, da: soil_moisture}
  trend: {step: trend, da: index}
"""
TWIN = """\
inputs:
  twin: {product: helan_twin, spacing: 0.2, months: 48}
analyses:
"""


def csv(path: Path, column: str, months: pd.DatetimeIndex, *, scale: float = 1.0) -> None:
    values = scale * np.random.default_rng(0).uniform(0.1, 0.4, months.size)
    frame = pd.DataFrame({"site": "A", "time": months, column: values})
    frame.to_csv(path, index=False)


def planned(folder: Path, text: str) -> Plan:
    path = folder / "study.yaml"
    path.write_text(text)
    return plan(load_study(path))


def faults(folder: Path, text: str) -> list[str]:
    found = planned(folder, text).faults
    return [fault.removeprefix(str(folder / "study.yaml")) for fault in found]


@pytest.fixture
def tables(tmp_path: Path) -> Path:
    months = pd.date_range("2001-01", periods=144, freq="MS")
    csv(tmp_path / "sm.csv", "sm", months[months != "2003-05-01"])
    csv(tmp_path / "rain.csv", "p", months, scale=100.0)
    return tmp_path


def test_a_sound_study_has_no_faults_and_tells_what_it_will_do(tables):
    found = planned(tables, TABLE)
    text = "\n".join(found.text())
    assert found.faults == []
    assert "a: soil_moisture; 1 site; 2001-01 to 2012-12 (143 months)" in text
    assert "a: 1 month(s) missing: 2003-05" in text
    assert "trend: trend ->" in text
    assert "free here" in text


def test_every_input_at_fault_is_told_with_its_line(tables):
    (tables / "sm.csv").write_text("")
    text = TABLE.replace("name: p,", "name: q,")
    assert [fault[:14] for fault in faults(tables, text)] == [":2: input 'a':", ":3: input 'b':"]


def test_periods_that_do_not_overlap_are_a_fault_of_the_inputs(tables):
    csv(tables / "rain.csv", "p", pd.date_range("1961-01", periods=120, freq="MS"), scale=100.0)
    [fault] = faults(tables, TABLE)
    assert fault.startswith(":1: ")


def test_an_option_that_the_method_refuses_is_told_with_the_line_of_its_analysis(tables):
    [fault] = faults(tables, TABLE.replace("da: index}", "da: index, confidence: 7}"))
    assert fault.startswith(":6: trend: confidence")


def test_a_variable_that_a_result_lacks_is_told_with_those_it_has(tables):
    text = TABLE + "  fdr: {step: adjust_p_values, p: trend.p_valu}\n"
    [fault] = faults(tables, text)
    assert fault.startswith(":7: fdr: 'trend.p_valu' is unknown; there are: slope")
    assert "did you mean 'p_value'?" in fault


def test_what_needs_a_faulty_analysis_is_not_blamed_for_it(tables):
    text = TABLE.replace("da: soil_moisture}", "da: soil_moisture, min_years: -1}")
    assert [fault[:10] for fault in faults(tables, text)] == [":5: index:"]


def test_the_mean_of_an_index_over_its_own_baseline_is_refused_before_the_run(tables):
    [fault] = faults(tables, TABLE + "  state: {step: index_state, ssmi: index}\n")
    assert fault.startswith(":7: state: ")
    assert "zero by construction" in fault


def test_a_trend_of_months_without_correction_is_warned_of(tables):
    [warning] = planned(tables, TABLE).warnings
    assert ":6: trend: " in warning
    assert "serial correlation" in warning
    assert "annual means (composite, freq: YS) with correction: ar1" in warning
    for options in ("season: month", "correction: tfpw", "correction: yue_wang"):
        [warning] = planned(tables, TABLE.replace("da: index}", f"da: index, {options}}}")).warnings
        assert "ar1" in warning
    for options in ("season: month, correction: hirsch_slack", "correction: ar1"):
        assert (
            planned(tables, TABLE.replace("da: index}", f"da: index, {options}}}")).warnings == []
        )


def test_drivers_with_their_season_are_warned_of_beside_an_index_by_month(tables):
    regression = "  d: {step: partial_regression, y: index, drivers: precipitation%s}\n"
    raw = planned(tables, TABLE + regression % "").warnings
    anomalies = planned(tables, TABLE + regression % ", driver_anomaly: month").warnings
    assert any(":7: d: " in text and "driver_anomaly: month" in text for text in raw)
    assert not any(":7: d: " in text for text in anomalies)


def test_no_value_with_time_is_computed(tmp_path, monkeypatch):
    computed: list[int] = []
    get = dask.threaded.get

    def spy(graph, keys, **options):
        result = get(graph, keys, **options)
        parts = dask.core.flatten([result])
        computed.append(max((np.asarray(part).nbytes for part in parts), default=0))
        return result

    monkeypatch.setattr(dask.threaded, "get", spy)
    study = TWIN + "  index: {step: standardize, da: soil_moisture}\n"
    found = planned(tmp_path, study + "  t: {step: trend, da: index, season: month}\n")
    assert found.faults == []
    assert found.cube is not None
    assert max(computed, default=0) < found.cube.soil_moisture.nbytes / 40


def test_missing_months_are_those_of_the_period_asked_for():
    time = pd.date_range("2001-03", "2002-02", freq="MS").delete(2)
    ds = xr.Dataset(coords={"time": time})
    assert missing_months(ds, None) == ["2001-05"]
    assert missing_months(ds, ("2001-02", "2001-06")) == ["2001-02", "2001-05"]
    assert missing_months(ds, ("2001", "2001-04")) == ["2001-01", "2001-02"]


def test_the_memory_told_holds_the_libraries_as_well(tables):
    (line,) = [line for line in planned(tables, TABLE).text() if " of memory with " in line]
    size, unit = line.partition("about ")[2].split()[:2]
    assert unit == "MiB"
    assert 400 <= float(size) < 420
