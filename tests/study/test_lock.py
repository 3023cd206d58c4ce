import json

import pytest

from soilscope.errors import StudyError
from soilscope.study.lock import claim, require_own


def test_a_folder_in_use_by_another_run_is_refused_with_its_process(tmp_path):
    with (
        claim(tmp_path, study="a.yaml"),
        pytest.raises(StudyError, match=r"in use by another run \(process \d+ on .+\)"),
        claim(tmp_path, study="a.yaml"),
    ):
        pass


def test_a_released_folder_can_be_claimed_again(tmp_path):
    for _ in range(2):
        with claim(tmp_path / "new", study="a.yaml"):
            assert (tmp_path / "new" / ".lock.json").is_file()
    assert not (tmp_path / "new" / ".lock.json").exists()


def test_the_results_of_another_study_are_left_alone(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"study": "b.yaml"}))
    with pytest.raises(StudyError, match=r"holds the results of b\.yaml, not of a\.yaml"):
        require_own(tmp_path, study="a.yaml")


def test_a_folder_of_other_files_is_left_alone(tmp_path):
    (tmp_path / "thesis.docx").write_text("x")
    with pytest.raises(StudyError, match=r"holds other files \(thesis\.docx\)"):
        require_own(tmp_path, study="a.yaml")


def test_a_file_is_no_results_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(StudyError, match="is a file"):
        require_own(tmp_path / "file", study="a.yaml")
