"""Where tests find what is not part of the project, and how hypothesis runs."""

import os
from pathlib import Path

import pytest
from hypothesis import settings

settings.register_profile("ci", max_examples=60, deadline=None, derandomize=True)
settings.register_profile("dev", max_examples=200, deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))

BESIDE = Path(__file__).parents[2] / "shared"


def _folder(variable: str, default: Path) -> Path:
    folder = Path(os.environ.get(variable, default))
    if not folder.is_dir():
        pytest.skip(f"no folder {folder.name!r} beside the checkout; set {variable} to its path")
    return folder


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Real data that are not part of the project."""
    return _folder("SOILSCOPE_DATA", BESIDE / "data")


@pytest.fixture(scope="session")
def shared_oracles() -> Path:
    """Published numbers that are not part of the project."""
    return _folder("SOILSCOPE_ORACLES", BESIDE / "oracles")
