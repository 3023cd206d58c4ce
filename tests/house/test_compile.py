import subprocess
import sys

import pytest

from soilscope.kernels import compile as compilation


def test_a_writable_folder_is_found_without_littering(tmp_path):
    assert compilation._is_writable(tmp_path / "new")
    assert list((tmp_path / "new").iterdir()) == []


def test_a_file_in_the_way_is_not_a_cache_folder(tmp_path):
    (tmp_path / "file").write_text("x")
    assert not compilation._is_writable(tmp_path / "file")


def test_no_home_means_no_user_cache(monkeypatch):
    for name in ("LOCALAPPDATA", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)

    def no_home():
        raise RuntimeError

    monkeypatch.setattr(compilation.Path, "home", no_home)
    assert compilation._user_cache() is None


def test_without_any_writable_folder_the_cache_is_off(monkeypatch):
    monkeypatch.setattr(compilation.config, "CACHE_DIR", "")
    monkeypatch.setattr(compilation, "_is_writable", lambda _: False)
    assert compilation.choose_cache() is False


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
