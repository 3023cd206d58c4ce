import json

import pytest

from soilscope.report.current import is_current, mark_report
from soilscope.study.store import Record, Store


@pytest.fixture
def results(tmp_path):
    store = Store(tmp_path)
    folder = tmp_path / "results" / "trend"
    folder.mkdir(parents=True)
    (folder / "step.json").write_text(json.dumps(vars(Record("trend", "trend", {}, {}, "abc"))))
    store.write_manifest(
        {"study": "a.yaml", "title": "A", "results": ["trend"], "report": {"formats": ["png"]}}
    )
    (tmp_path / "report").mkdir()
    (tmp_path / "report" / "index.html").write_text("page")
    mark_report(tmp_path / "report", tmp_path, ("png",))
    return tmp_path


def test_a_report_of_the_same_results_is_current(results):
    assert is_current(results, ("png",))


def test_another_format_a_changed_result_or_a_new_title_need_a_new_report(results):
    assert not is_current(results, ("png", "pdf"))
    step = results / "results" / "trend" / "step.json"
    step.write_text(step.read_text().replace("abc", "def"))
    assert not is_current(results, ("png",))
    step.write_text(step.read_text().replace("def", "abc"))
    assert is_current(results, ("png",))
    Store(results).write_manifest(
        {"study": "a.yaml", "title": "B", "results": ["trend"], "report": None}
    )
    assert not is_current(results, ("png",))


def test_a_report_that_is_not_there_is_not_current(results):
    (results / "report" / "index.html").unlink()
    assert not is_current(results, ("png",))
