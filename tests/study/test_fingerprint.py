import os

import pytest

from soilscope.errors import StudyError
from soilscope.study.fingerprint import digest, file_mark


@pytest.fixture
def data(tmp_path):
    file = tmp_path / "data" / "sm.nc"
    file.parent.mkdir()
    file.write_bytes(bytes(5 * 2**20))
    return file


def test_the_order_of_options_does_not_matter():
    assert digest({"a": 1, "b": 2}) == digest({"b": 2, "a": 1})
    assert digest({"a": 1}) != digest({"a": 2})


def test_a_file_is_known_by_its_place_below_a_root_and_not_by_the_roots_place(tmp_path, data):
    mark = file_mark(data, roots={"data": tmp_path / "data"}, verify=False)
    assert mark["path"] == "data:sm.nc"


@pytest.mark.parametrize("where", [0, -1])
def test_a_change_at_either_end_is_seen(tmp_path, data, where):
    before = file_mark(data, roots={}, verify=False)
    stat = data.stat()
    raw = bytearray(data.read_bytes())
    raw[where] = 1
    data.write_bytes(raw)
    os.utime(data, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file_mark(data, roots={}, verify=False) != before


def test_a_change_in_the_middle_is_seen_by_verify_only(data):
    quick, full = (file_mark(data, roots={}, verify=v) for v in (False, True))
    stat = data.stat()
    raw = bytearray(data.read_bytes())
    raw[len(raw) // 2] = 1
    data.write_bytes(raw)
    os.utime(data, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert file_mark(data, roots={}, verify=False) == quick
    assert file_mark(data, roots={}, verify=True) != full


def test_a_folder_is_known_by_all_of_its_files(tmp_path, data):
    before = file_mark(tmp_path / "data", roots={}, verify=False)
    (tmp_path / "data" / "new").write_text("x")
    assert file_mark(tmp_path / "data", roots={}, verify=False) != before


def test_a_missing_file_is_one_clear_error(tmp_path):
    with pytest.raises(StudyError, match=r"gone\.nc cannot be read"):
        file_mark(tmp_path / "gone.nc", roots={}, verify=False)
