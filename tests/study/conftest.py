"""Folders of files that tests spoil."""

import shutil
from pathlib import Path

import pytest

from study.bad_folder import Spoilt, write_good


@pytest.fixture(scope="session")
def good_files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files of every product, without a fault."""
    folder = tmp_path_factory.mktemp("good")
    write_good(folder)
    return folder


@pytest.fixture
def spoilt(
    good_files: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Spoilt:
    """A working folder of these files, to be spoilt."""
    shutil.copytree(good_files, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return Spoilt(capsys)
