"""What real files get wrong: one clear line, exit code 2, nothing lost; cells without an answer
are no fault of the study."""

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.names import COLLINEAR, CONSTANT, NO_DATA, OK, TOO_FEW
from soilscope.sources import ranges
from soilscope.study import slabs
from soilscope.study.store import Store

Spoil = Callable[[xr.Dataset], xr.Dataset]
NOBODY = 65534


@pytest.fixture
def refused(folder: Path, study_text: str, capsys):
    """Check and run a study that is at fault; return the one line, which both must say."""

    def one_line(text: str = study_text) -> str:
        (folder / "study.yaml").write_text(text, encoding="utf-8")
        said = []
        for arguments in (["check", "study.yaml"], ["run", "study.yaml", "-r", "out"]):
            assert main(arguments) == 2
            lines = capsys.readouterr().err.splitlines()
            said.append([line for line in lines if line.startswith("soilscope: error: ")])
            assert all(line.startswith("soilscope: ") for line in lines)
        assert said[0] == said[1]
        assert not (folder / "out").exists()
        (line,) = said[0]
        return line

    return one_line


@pytest.fixture
def ran(folder: Path, study_text: str, sites: xr.Dataset):
    """Run a study of spoilt data with its report; return what it wrote."""

    def store(spoil: Spoil, text: str = study_text) -> Store:
        spoil(sites).to_netcdf("sites.nc")
        (folder / "study.yaml").write_text(text, encoding="utf-8")
        assert main(["run", "study.yaml", "--results", "out"]) == 0
        assert (folder / "out" / "report" / "index.html").stat().st_size > 10_000
        return Store("out")

    return store


def rescaled(ds: xr.Dataset, name: str, factor: float, offset: float = 0.0) -> xr.Dataset:
    return ds.assign({name: (ds[name] * factor + offset).assign_attrs(ds[name].attrs)})


# files


@pytest.mark.parametrize("spoil", ["missing", "folder", "empty", "web page"])
def test_a_file_that_is_not_there_or_not_data(folder, refused, spoil):
    expected = {
        "missing": "study.yaml:5: there is no file ",
        "folder": "is a folder and no Zarr store",
        "empty": "it is empty; download",
        "web page": "it is a web page",
    }
    if spoil == "folder":
        (folder / "sites.nc").mkdir()
    elif spoil != "missing":
        (folder / "sites.nc").write_text("<html>" if spoil == "web page" else "")
    assert expected[spoil] in refused()


@pytest.mark.parametrize("form", ["NETCDF4", "NETCDF3_64BIT"])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.999])
def test_a_truncated_file(sites, refused, form, share):
    sites.drop_vars("site").to_netcdf("sites.nc", format=form)
    whole = Path("sites.nc").read_bytes()
    Path("sites.nc").write_bytes(whole[: int(share * len(whole))])
    line = refused()
    assert "study.yaml:3: input 'sites': " in line
    assert "truncated" in line
    assert "download or write it again" in line


def damage(path: Path, after: int) -> None:
    """Overwrite what lies behind so many bytes."""
    raw = bytearray(path.read_bytes())
    raw[after : after + 20] = b"\xff" * 20
    path.write_bytes(raw)


def test_damage_that_only_a_late_slab_meets_names_the_file_and_is_mended_by_a_new_one(
    folder, study_text, sites, monkeypatch, capsys
):
    import h5py

    monkeypatch.setattr(ranges, "_WHOLE", 100)  # as if the file were large
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1)  # a site a slab
    (folder / "study.yaml").write_text(study_text)
    packed = {"sm": {"zlib": True, "fletcher32": True, "chunksizes": (1, 2, 3)}}
    sites.to_netcdf("sites.nc", encoding=packed)
    with h5py.File("sites.nc") as file:
        month = file["sm"].id.get_chunk_info(50).byte_offset
    whole = Path("sites.nc").read_bytes()
    damage(Path("sites.nc"), month)
    assert main(["check", "study.yaml"]) == 0  # which looks at single months
    assert main(["run", "study.yaml", "-r", "out"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("soilscope: error: sites.nc cannot be read to its end;")
    Path("sites.nc").unlink()
    Path("sites.nc").write_bytes(whole)
    assert main(["run", "study.yaml", "--no-report", "-r", "out"]) == 0
    assert Store("out").names() == ["cube", "index", "annual", "trend", "drivers"]


def test_an_infinity_that_only_a_late_slab_meets_is_refused_with_its_file(
    folder, study_text, sites, monkeypatch, capsys
):
    monkeypatch.setattr(ranges, "_WHOLE", 100)
    monkeypatch.setattr(slabs, "SLAB_BYTES", 1)
    sites.sm[100, 1, 2] = np.inf
    sites.to_netcdf("sites.nc")
    (folder / "study.yaml").write_text(study_text)
    assert main(["run", "study.yaml", "-r", "out"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "soil_moisture in sites.nc holds 1 infinite values of 480; write them as" in line


def test_an_implausible_value_that_only_a_late_slab_meets_is_said_and_kept_in_the_record(
    folder, study_text, sites, monkeypatch, capsys
):
    monkeypatch.setattr(ranges, "_WHOLE", 100)
    sites.sm[100, 1, 2] = 7.5
    sites.to_netcdf("sites.nc")
    (folder / "study.yaml").write_text(study_text)
    assert main(["run", "study.yaml", "--no-report", "-r", "out"]) == 0
    text = "7.5 m3 m-3 (1 of 1440 values outside the plausible range)"
    (told,) = [x for x in capsys.readouterr().err.splitlines() if "warning" in x]
    assert text in told
    (kept,) = Store("out").record("cube").warnings
    assert text in kept


# what a file holds


@pytest.mark.parametrize(
    ("spoil", "expected"),
    [
        (lambda ds: ds.drop_vars("t2m"), "holds no variable 't2m' for temperature; it holds: sm,"),
        (lambda ds: rescaled(ds, "sm", 100), "looks like percent: write variables: {soil_moist"),
        (lambda ds: rescaled(ds, "t2m", 1, 273.15), "looks like kelvin: write variables: {temp"),
        (lambda ds: rescaled(ds, "tp", 0.001), "looks like m: write variables: {precipitation: "),
        (lambda ds: ds.assign(sm=ds.sm.drop_attrs()), "soil_moisture (sm) in "),
        (
            lambda ds: ds.assign(sm=ds.sm.assign_attrs(units="degC")),
            "in 'degC', which does not become m3 m-3",
        ),
        (lambda ds: ds.isel(time=[0, 1, 1, *range(2, 240)]), "holds 2000-02-01 twice; keep one"),
        (
            lambda ds: ds.isel(time=[1, 0, *range(2, 240)]),
            "is not in ascending order: 2000-01-01 follows 2000-02-01; sort it",
        ),
        (lambda ds: ds.where(ds.site != "b", np.inf), "holds 480 infinite values of 1440; write"),
        (lambda ds: ds.isel(time=slice(0)), "its dimension 'time' has length 0; download"),
        (
            lambda ds: ds.isel(layer=[0]),
            "depth_bounds gives 2 layers, but",
        ),
    ],
)
def test_a_file_that_does_not_hold_what_it_should(sites, refused, spoil, expected):
    spoilt = spoil(sites)
    for name in ("t2m", "tp"):  # `where` spreads sites over all
        if name in spoilt and "layer" in spoilt[name].dims:
            spoilt[name] = sites[name]
    spoilt.to_netcdf("sites.nc")
    line = refused()
    assert line.startswith("soilscope: error: study.yaml:3: input 'sites': ")
    assert expected in line


@pytest.mark.parametrize("calendar", ["noleap", "360_day"])
def test_days_of_a_calendar_without_real_dates_are_refused(sites, refused, calendar):
    days = xr.date_range("2000-01-15", periods=240, freq="D", calendar=calendar, use_cftime=True)
    sites.assign_coords(time=days).to_netcdf("sites.nc")
    assert f"has the calendar '{calendar}', whose days are not real dates; average" in refused()


@pytest.mark.parametrize("calendar", ["noleap", "360_day"])
def test_months_of_a_calendar_without_real_dates_are_calendar_months(ran, calendar):
    months = xr.date_range("2000-01-15", periods=240, freq="MS", calendar=calendar, use_cftime=True)
    store = ran(lambda ds: ds.assign_coords(time=months))
    expected = pd.date_range("2000-02", periods=240, freq="MS")
    np.testing.assert_array_equal(store.open("cube").time.values, expected.values)


def test_inputs_without_a_common_period_are_told_with_their_periods(sites, refused, study_text):
    sites[["sm"]].to_netcdf("sites.nc")
    later = pd.date_range("2040-01", periods=240, freq="MS")
    sites[["t2m", "tp"]].assign_coords(time=later).to_netcdf("weather.nc")
    text = study_text.replace(
        "soil_moisture: sm, temperature: t2m, precipitation: tp}",
        "soil_moisture: sm}\n  weather: {product: table, paths: weather.nc, variables: "
        "{temperature: t2m, precipitation: tp}}",
    )
    line = refused(text)
    assert "weather runs from 2040-01-01 to 2059-12-01, sites from 2000-01-01 to 2019-" in line
    assert "they have no time in common" in line


def test_a_period_outside_the_record_is_told_with_the_record(sites, refused, study_text):
    sites.to_netcdf("sites.nc")
    line = refused(study_text + "period: [1950-01, 1960-12]\n")
    assert "sites runs from 2000-01-01 to 2019-12-01 and has nothing in the period 1950-01" in line


def test_layers_that_do_not_reach_a_merged_layer_are_told_with_their_share(
    sites, refused, study_text
):
    sites.to_netcdf("sites.nc")
    line = refused(
        study_text + "  merged: {step: merge_layers, sm: soil_moisture, bounds: [[1.0, 2.0]]}\n"
    )
    assert line.startswith("soilscope: error: study.yaml:14: merged: the layers of sm do not cover")
    assert "1-2 m (0 % covered); choose bounds within the data" in line


# cells that have no answer


def test_empty_constant_and_short_cells_have_a_status_and_the_report_is_written(ran):
    def spoil(ds: xr.Dataset) -> xr.Dataset:
        ds.sm[:, :, 0] = np.nan
        ds.sm[:, :, 1] = 0.3
        ds.sm[12:, 0, 2] = np.nan  # one valid year
        return ds

    store = ran(spoil)
    index = store.open("index").load()
    status = index.status.isel(month=0).values
    assert status.tolist() == [[NO_DATA, CONSTANT, TOO_FEW], [NO_DATA, CONSTANT, OK]]
    assert int(np.isfinite(index.ssmi).sum()) == 240
    for name in ("trend", "drivers"):
        result = store.open(name).load()
        ok = result.status == OK
        assert ok.values.tolist() == [[False, False, False], [False, False, True]]
        assert not any(np.isinf(v).any() for v in result.data_vars.values() if v.dtype.kind == "f")


def test_exactly_collinear_drivers_have_the_status_collinear(ran):
    store = ran(
        lambda ds: ds.assign(tp=(5 * ds.t2m + 200).assign_attrs(units="mm month-1")),
    )
    drivers = store.open("drivers").load()
    assert (drivers.status == COLLINEAR).all()
    assert drivers.coefficient.isnull().all()
    assert (store.open("trend").status == OK).all()


def test_a_record_of_one_year_runs_and_says_that_nothing_came_of_it(ran, capsys):
    store = ran(lambda ds: ds.isel(time=slice(12)))
    assert (store.open("trend").status != OK).all()
    (told,) = [x for x in capsys.readouterr().err.splitlines() if "warning: index" in x]
    assert "no cell has a result" in told
    assert any("no cell has a result" in text for text in store.record("index").warnings)


# results folders


def test_a_results_folder_that_is_or_lies_in_a_file(folder, study_text, sites, capsys):
    sites.to_netcdf("sites.nc")
    (folder / "study.yaml").write_text(study_text)
    (folder / "file").write_text("mine")
    for results, expected in (
        ("file", "file is a file; give a folder with --results."),
        ("file/out", "file/out cannot be written to (Not a directory: "),
    ):
        assert main(["run", "study.yaml", "-r", results]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"soilscope: error: {expected}")
    assert (folder / "file").read_text() == "mine"


@pytest.mark.parametrize("content", ["{", "[]", "{}", '{"study": "study.yaml"}'])
def test_a_damaged_manifest_is_one_line_of_every_command(
    folder, study_text, sites, capsys, content
):
    sites.to_netcdf("sites.nc")
    (folder / "study.yaml").write_text(study_text)
    (folder / "out").mkdir()
    (folder / "out" / "manifest.json").write_text(content)
    for arguments in (["status", "out"], ["report", "out"]):
        assert main(arguments) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert "manifest.json" in line
        assert "remove it and run the study again" in line


def test_a_result_that_is_damaged_on_disk_is_named_and_made_anew(ran, study_text, capsys):
    store = ran(lambda ds: ds)
    folder = store.root / "results" / "annual"
    whole = store.open("trend").load()
    chunks = [p for p in folder.rglob("*/c/**/*") if p.is_file()]
    damage(max(chunks, key=lambda path: path.stat().st_size), after=40)
    capsys.readouterr()
    assert main(["report", "out"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"soilscope: error: {folder} is damaged (")
    assert "remove this folder and run the study again" in line
    shutil.rmtree(store.root / "results" / "trend")
    assert main(["run", "study.yaml", "-r", "out"]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == line
    shutil.rmtree(folder)
    assert main(["run", "study.yaml", "-r", "out"]) == 0
    xr.testing.assert_identical(store.open("trend").load(), whole)


# rights


@pytest.fixture
def open_folder(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder that every user can reach, unlike those of pytest."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o777)
        monkeypatch.chdir(name)
        yield Path(name)


@pytest.fixture
def as_user() -> Callable[[list[str]], int]:
    """Call a command as a user whom rights bind: root reads and writes everything."""
    if sys.platform == "win32":
        pytest.skip("rights are another matter on Windows")

    def call(arguments: list[str]) -> int:
        if os.geteuid() != 0:
            return main(arguments)
        os.seteuid(NOBODY)
        try:
            return main(arguments)
        finally:
            os.seteuid(0)

    return call


def test_what_may_not_be_read_or_written_is_told(open_folder, study_text, sites, as_user, capsys):
    sites.to_netcdf("sites.nc")
    (open_folder / "study.yaml").write_text(study_text)
    assert main(["check", "study.yaml"]) == 0  # what is imported later may not be readable
    (open_folder / "shut").mkdir(mode=0o555)
    capsys.readouterr()
    cases = {
        "shut": "shut cannot be written to (Permission denied: ",
        "shut/out": "shut/out cannot be written to (Permission denied: ",
    }
    for results, expected in cases.items():
        assert as_user(["run", "study.yaml", "-r", results]) == 2
        (line,) = capsys.readouterr().err.splitlines()
        assert line.startswith(f"soilscope: error: {expected}")
    (open_folder / "sites.nc").chmod(0)
    assert as_user(["check", "study.yaml"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.endswith("sites.nc cannot be read: permission denied.")
    (open_folder / "study.yaml").chmod(0)
    assert as_user(["check", "study.yaml"]) == 2
    assert "study.yaml: the file cannot be read (Permission denied)" in capsys.readouterr().err


# letters and streams


def test_paths_and_titles_in_any_script_run_to_the_report(tmp_path, study_text, sites, monkeypatch):
    home = tmp_path / "数据 贺兰山"
    home.mkdir()
    monkeypatch.chdir(home)
    sites.to_netcdf("站点 é.nc")
    text = study_text.replace("sites.nc", "站点 é.nc").replace("Three sites", "贺兰山 & Étude")
    Path("研究 a.yaml").write_text(text, encoding="utf-8")
    assert main(["run", "研究 a.yaml", "--results", "结果 1"]) == 0
    page = Path("结果 1/report/index.html").read_text(encoding="utf-8")
    assert "贺兰山 &amp; Étude" in page
    for settings in ({"LC_ALL": "C"}, {"PYTHONIOENCODING": "cp1252"}):
        shown = subprocess.run(
            [sys.executable, "-m", "soilscope", "status", "结果 1"],
            env=os.environ | settings,
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert (shown.returncode, shown.stderr) == (0, b"")
        assert b"tude" in shown.stdout


def test_an_unreachable_cluster_is_one_line(folder, study_text, sites, capsys):
    sites.to_netcdf("sites.nc")
    (folder / "study.yaml").write_text(study_text)
    assert main(["run", "study.yaml", "-r", "out", "--scheduler", "nonsense"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("soilscope: error: the dask cluster 'nonsense' cannot be reached (")
