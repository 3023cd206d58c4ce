import os
import subprocess
import sys
import tempfile

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


@pytest.fixture
def homeless(monkeypatch, tmp_path):
    for name in ("LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def no_home():
        raise RuntimeError

    monkeypatch.setattr(compilation.Path, "home", no_home)
    monkeypatch.setattr(config, "CACHE_DIR", "")
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_user_without_a_home_has_a_private_temporary_folder(homeless):
    own, temporary = compilation._candidates()
    assert own.name == "__pycache__"
    assert temporary.parent.parent == homeless
    if sys.platform != "win32":
        assert temporary.parent.stat().st_mode & 0o077 == 0


@pytest.mark.skipif(sys.platform == "win32", reason="links need rights on Windows")
def test_code_that_another_user_may_have_laid_out_is_not_run(homeless):
    (homeless / "elsewhere").mkdir()
    (homeless / f"soilscope-kernels-{os.getuid()}").symlink_to(homeless / "elsewhere")
    (own,) = compilation._candidates()
    assert own.name == "__pycache__"


def test_the_working_folder_is_not_littered(homeless, monkeypatch):
    monkeypatch.chdir(homeless)
    assert len(list(compilation._candidates())) == 1


def test_no_temporary_folder_at_all_is_no_fault(homeless, monkeypatch):
    def none_usable():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", none_usable)
    assert len(list(compilation._candidates())) == 1


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
