import os
import subprocess
import sys

import pytest
from numba import config

from soilscope.errors import SoilscopeWarning
from soilscope.kernels import compile as compilation


def test_a_writable_folder_is_found_without_littering(tmp_path):
    assert compilation._is_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_in_the_way_is_not_a_cache_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    assert not compilation._is_writable(tmp_path / "file")


def test_the_folder_a_user_chose_is_the_only_candidate(monkeypatch, tmp_path):
    monkeypatch.setattr(config, "CACHE_DIR", str(tmp_path))
    assert compilation.choose_cache().parent == tmp_path


def test_a_changed_kernel_has_a_new_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(compilation, "HERE", tmp_path)
    (tmp_path / "helper.py").write_text("one")
    before = compilation.choose_cache()
    (tmp_path / "helper.py").write_text("two")
    assert compilation.choose_cache() != before


def test_a_user_without_a_home_has_the_temporary_folder(monkeypatch):
    for name in ("LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def no_home():
        raise RuntimeError

    monkeypatch.setattr(compilation.Path, "home", no_home)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    own, temporary = compilation._candidates()
    assert own.name == "__pycache__"
    assert temporary.name.startswith("soilscope-")


def test_without_any_writable_folder_the_cache_is_off_and_that_is_said(monkeypatch):
    monkeypatch.setattr(compilation, "_is_writable", lambda _: False)
    with pytest.warns(SoilscopeWarning, match="set NUMBA_CACHE_DIR to a folder"):
        assert compilation.choose_cache() is None


def test_other_users_of_numba_keep_their_folder():
    before = config.CACHE_DIR
    compilation.kernel(lambda x: x)
    assert before == config.CACHE_DIR


NOTHING_WRITABLE = """
from pathlib import Path
import soilscope.errors
def refused(self, *args, **options):
    raise PermissionError(str(self))
Path.mkdir = refused
import numpy as np, soilscope, xarray as xr
from soilscope.kernels import compile as compilation
assert compilation.CACHE is None
time = xr.date_range("2001", periods=12, freq="YS")
da = xr.DataArray(np.arange(12.0), {"time": time}, "time", attrs={"units": "1"})
print(float(soilscope.trend(da, correction="none").slope))
"""


def test_it_runs_without_a_home_and_where_nothing_can_be_written():
    environment = {k: v for k, v in os.environ.items() if k not in ("HOME", "NUMBA_CACHE_DIR")}
    done = subprocess.run(
        [sys.executable, "-c", NOTHING_WRITABLE],
        capture_output=True,
        text=True,
        env=environment,
        check=True,
    )
    assert float(done.stdout) == pytest.approx(1.0, rel=0.01)
    assert done.stderr.count("compiled kernels cannot be kept") == 1


@pytest.mark.parametrize("name", ["trend", "standardize"])
def test_a_public_name_loads_its_module_when_first_used(name):
    code = (
        "import sys, soilscope; assert 'xarray' not in sys.modules; "
        f"print(callable(soilscope.{name}))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "True"


def test_an_unknown_public_name_is_an_attribute_error():
    import soilscope

    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        soilscope.nothing  # noqa: B018
