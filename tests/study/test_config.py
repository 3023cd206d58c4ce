"""Study files: what they mean and what is refused."""

import json
from pathlib import Path

import pydantic
import pytest

from soilscope.errors import StudyError
from soilscope.study.config import Study, load_study, study_schema

GOOD = """\
title: A study
roots:
  data: ${SOILSCOPE_TEST_ROOT:-files}
period: [2001-01, 2002]
inputs:
  moisture:
    product: table
    paths: data:sm.csv
    variables: {soil_moisture: sm, vpd: {name: v, units: kPa}}
analyses:
  trend: {step: trend, da: index, confidence: 95e-2}
  index: {step: standardize, da: soil_moisture, reference: [2000, 2009]}
report: {formats: [png, pdf]}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "sm.csv").write_text("site,time,sm,v\nA,2001-01,0.2,1\n")
    return tmp_path


def load(folder: Path, text: str) -> Study:
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    return load_study(folder / "study.yaml")


def faults(folder: Path, text: str) -> list[str]:
    with pytest.raises(StudyError) as caught:
        load(folder, text)
    start = str(folder / "study.yaml")
    assert all(fault.startswith(start) and "\n" not in fault for fault in caught.value.faults)
    return [fault.removeprefix(start) for fault in caught.value.faults]


def with_analysis(text: str) -> str:
    """A sound study with one more analysis, in line 14."""
    return GOOD.replace("report:", f"  {text}\nreport:").replace("report", "report", 1)


def test_a_study_is_typed_and_resolved(folder):
    study = load(folder, GOOD)
    assert study.title == "A study"
    assert study.period == ("2001-01", "2002")
    assert study.roots == {"data": (folder / "files").resolve()}
    assert study.inputs["moisture"].paths == (study.roots["data"] / "sm.csv",)
    assert study.analyses["trend"].options == {"confidence": 0.95}
    assert list(map(int, study.analyses["index"].options["reference"])) == [2000, 2009]
    assert study.report.formats == ("png", "pdf")
    assert study.report.page_megabytes == 8
    assert study.text == GOOD


def test_analyses_run_behind_what_they_need_whatever_their_order_in_the_file(folder):
    assert list(load(folder, GOOD).analyses) == ["index", "trend"]


def test_a_study_cannot_be_changed(folder):
    study = load(folder, GOOD)
    with pytest.raises(pydantic.ValidationError):
        study.title = "Another"


def test_a_root_follows_its_environment_variable(folder, monkeypatch):
    other = folder / "elsewhere"
    other.mkdir()
    (other / "sm.csv").touch()
    monkeypatch.setenv("SOILSCOPE_TEST_ROOT", str(other))
    assert load(folder, GOOD).roots == {"data": other.resolve()}


def test_a_missing_root_names_itself_its_folder_and_the_variable_to_set_and_is_one_fault(folder):
    text = GOOD.replace(":-files}", ":-nowhere}")
    nowhere = (folder / "nowhere").resolve()
    assert faults(folder, text) == [
        f":3: the root 'data' is no folder: {nowhere}; "
        "set the environment variable SOILSCOPE_TEST_ROOT."
    ]


def test_an_unset_variable_without_default_is_a_fault(folder):
    [fault] = faults(folder, GOOD.replace("_ROOT:-files}", "_ROOT}"))
    assert fault == ":3: the environment variable SOILSCOPE_TEST_ROOT of root 'data' is unset."


def test_a_pattern_finds_its_files_in_order(folder):
    for name in ("b.csv", "a.csv"):
        (folder / "files" / name).touch()
    study = load(folder, GOOD.replace("data:sm.csv", '"data:*.csv"'))
    assert [path.name for path in study.inputs["moisture"].paths] == ["a.csv", "b.csv", "sm.csv"]


def test_one_reference_for_several_drivers_becomes_a_list(folder):
    study = load(folder, with_analysis("d: {step: partial_regression, y: index, drivers: vpd}"))
    assert study.analyses["d"].inputs == {"y": "index", "drivers": ["vpd"]}


def test_names_of_analyses_may_hold_letters_of_any_language(folder):
    assert "Tälér_2-b" in load(folder, with_analysis("Tälér_2-b: {step: trend, da: vpd}")).analyses


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("title:", "titel:", ":1: unknown key 'titel'; did you mean 'title'? There are: title, "),
        ("2001-01, 2002", "2001-13, 2002", ":4: period is ['2001-13', 2002]; give its first"),
        ("2001-01, 2002", "2003, 2002", ":4: period ends before it starts: 2003 to 2002."),
        ("[2001-01, 2002]", "2001", ":4: period is 2001; give its first and last month, "),
        ("product: table", "product: tabel", ":7: unknown product 'tabel'; did you mean 'table'?"),
        ("product: table", "product: [a]", ":7: unknown product"),
        ("data:sm.csv", "data:sm.cvs", ":8: there is no file "),
        ("data:sm.csv", "dat:sm.csv", ":8: 'dat:sm.csv': unknown root 'dat'; did you mean 'data'?"),
        ("data:sm.csv", "'data:*.nc'", ":8: no file matches "),
        ("data:sm.csv", "https://a.org/b.nc", ":8: https://a.org/b.nc is a web address; "),
        ("data:sm.csv", "[]", ":8: paths must be a path, "),
        ("variables:", "lineage: ERA5\n    variables:", ":9: lineage is 'ERA5'; it must be a list"),
        ("variables:", "dims: {sit: x}\n    variables:", ":9: dims has no key 'sit'"),
        ("units: kPa", "unit: kPa", ":9: variables.vpd has no key 'unit'"),
        ("step: trend,", "step: trand,", ":11: unknown step 'trand'; did you mean 'trend'?"),
        ("step: trend,", "step: {a: b},", ":11: unknown step"),
        ("step: trend,", "", ":11: step is missing; "),
        (
            "confidence:",
            "confidenc:",
            ":11: unknown option 'confidenc'; did you mean 'confidence'?",
        ),
        ("95e-2", "high", ":11: confidence is 'high'; it must be a number, or null."),
        ("da: index", "da: indx", ":11: da: unknown reference 'indx'; did you mean 'index'?"),
        ("da: index", "da: vpd.x", ":11: da: 'vpd' is a variable of the cube and has no parts"),
        ("da: index", "da: trend", ":11: da: 'trend' refers to the analysis itself."),
        ("da: index", "da: [index]", ":11: da: takes one reference, not a list."),
        ("da: index", "da: 7", ":11: da: 7 is not the name of a variable or an analysis."),
        ("da: index,", "", ":11: trend needs da: "),
        ("[2000, 2009]", "owm", ":12: reference is 'owm'; it must be one of 'own', "),
        ("[png, pdf]", "[jpg]", ":13: formats is ['jpg']; it must be a list of (one of 'png', "),
        (
            "formats: [png, pdf]",
            "page_megabytes: 0",
            ":13: page_megabytes is 0; it must be a number above 0",
        ),
        ("formats:", "format:", ":13: unknown key 'format'; did you mean 'formats'?"),
        (
            "  trend:",
            "  vpd:",
            ":11: 'vpd' is a variable of the cube; name the analysis otherwise.",
        ),
    ],
)
def test_a_fault_is_one_line_that_says_where_and_how_to_mend_it(folder, old, new, expected):
    found = faults(folder, GOOD.replace(old, new, 1))
    assert [fault[: len(expected)] for fault in found] == [expected]


@pytest.mark.parametrize(
    "name", ["a/b", "..", ".hidden", "a b", "con", "Cube", "cube", "x" * 65, "_a", "TREND"]
)
def test_a_name_that_makes_no_folder_of_its_own_is_refused(folder, name):
    [fault] = faults(folder, with_analysis(f'"{name}": {{step: trend, da: vpd}}'))
    assert fault.startswith(":13: ")
    assert name in fault


def test_a_circle_is_told_as_a_circle(folder):
    text = GOOD.replace("da: soil_moisture", "da: trend.slope")
    assert faults(folder, text) == [
        ":11: these analyses need one another: trend -> index -> trend."
    ]


def test_everything_wrong_is_told_at_once(folder):
    text = GOOD.replace("title:", "titel:").replace("sm.csv", "x.csv").replace("95e-2", "high")
    assert [fault.split(":")[1] for fault in faults(folder, text)] == ["1", "8", "11"]


def test_two_inputs_cannot_bring_the_same_variable(folder):
    more = "  more: {product: table, paths: data:sm.csv, variables: {vpd: v}}\nanalyses:"
    [fault] = faults(folder, GOOD.replace("analyses:", more))
    assert fault == (
        ":10: 'vpd' is already brought by the input 'moisture'; give one of them a suffix, as in "
        "suffix: table."
    )


def test_references_wait_for_the_files_where_variables_are_not_declared(folder):
    text = GOOD.replace("    variables: {soil_moisture: sm, vpd: {name: v, units: kPa}}\n", "")
    assert load(folder, text).analyses["index"].inputs == {"da": "soil_moisture"}


def test_a_twin_has_options_and_no_paths(folder):
    text = (
        "inputs: {twin: {product: helan_twin, seed: 3}}\nanalyses: {t: {step: trend, da: ndvi}}\n"
    )
    assert load(folder, text).inputs["twin"].options == {"seed": 3}
    assert load(folder, text).title == "study"
    [fault] = faults(folder, text.replace("seed: 3", "paths: x"))
    assert fault == ":1: helan_twin is synthetic and has no paths."


def test_a_study_without_inputs_or_analyses_says_so(folder):
    assert [fault[:30] for fault in faults(folder, "title: x\n")] == [
        ": inputs is missing or empty; ",
        ": analyses is missing or empty",
    ]


def test_the_json_schema_names_every_step_and_product(folder):
    schema = json.loads(json.dumps(study_schema()))
    steps = schema["properties"]["analyses"]["additionalProperties"]["anyOf"]
    assert {step["properties"]["step"]["const"] for step in steps} >= {"trend", "standardize"}
    trend = next(step for step in steps if step["properties"]["step"]["const"] == "trend")
    assert {"step", "da", "correction", "confidence"} <= set(trend["properties"])
    assert trend["required"] == ["step", "da"]
    assert trend["additionalProperties"] is False


def test_the_demo_is_a_sound_study():
    import soilscope.twin

    study = load_study(Path(soilscope.twin.__file__).parent / "helan.yaml")
    assert len(study.analyses) > 20


def test_the_example_of_six_catchments_is_a_sound_study(shared_data, monkeypatch):
    monkeypatch.setenv("SOILSCOPE_DATA", str(shared_data))
    study = load_study(Path(__file__).parents[2] / "examples" / "catchments.yaml")
    order = list(study.analyses)
    assert order.index("index_by_zone") < order.index("index_trend_by_zone") < order.index("depths")
