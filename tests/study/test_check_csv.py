"""What `check` tells of files: gaps, doubles, unreadable and foreign ones, as lines and a table."""

import csv
import sys

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from affine import Affine

from soilscope.cli.main import main
from soilscope.errors import StudyError
from soilscope.study.check_files import check_files
from soilscope.study.check_table import COLUMNS, require_own_table
from soilscope.study.config import load_study

DAYS = pd.date_range("2001-01-01", periods=30, freq="D")


@pytest.fixture(autouse=True)
def _own_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("LOCALAPPDATA", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


def daily(folder, days=DAYS, *, name="sm", south=36.0, scale=None, stem="sm"):
    """Write a file a day, and return their paths."""
    folder.mkdir(exist_ok=True)
    rng = np.random.default_rng(1)
    for day in days:
        values = rng.uniform(0.1, 0.4, (1, 3, 4))
        ds = xr.Dataset(
            {name: (("time", "lat", "lon"), values, {"units": "m3 m-3"})},
            {"time": [day], "lat": south + np.arange(3.0), "lon": 100 + np.arange(4.0)},
        )
        packed = (
            {}
            if scale is None
            else {name: {"dtype": "i2", "scale_factor": scale, "_FillValue": -1}}
        )
        ds.to_netcdf(folder / f"{stem}_{day:%Y%m%d}.nc", encoding=packed)
    return sorted(folder.glob("*.nc"))


def study(tmp_path, text="raster, paths: d/*.nc, variables: {soil_moisture: sm}", period=""):
    path = tmp_path / "study.yaml"
    path.write_text(
        f"title: Files\n{period}inputs:\n  soil: {{product: {text}}}\n"
        "analyses:\n  month: {step: composite, da: soil_moisture, freq: MS}\n"
    )
    return path


def found(path):
    return check_files(load_study(path))


def test_a_folder_without_faults_has_no_problems(tmp_path):
    daily(tmp_path / "d")
    assert found(study(tmp_path)) == []


def test_gaps_are_told_with_their_first_and_last_day(tmp_path):
    daily(tmp_path / "d", DAYS.delete([3, 10, 11, 12]))
    gaps = found(study(tmp_path))
    assert [(g.first, g.last, g.problem) for g in gaps] == [
        ("2001-01-04", "2001-01-04", "no file for 1 time(s)"),
        ("2001-01-11", "2001-01-13", "no file for 3 time(s)"),
    ]


def test_gaps_outside_of_the_period_are_left_out(tmp_path):
    daily(tmp_path / "d", DAYS.delete([3, 20]))
    (gap,) = found(study(tmp_path, period="period: [2001-01-10, 2001-01-30]\n"))
    assert gap.first == "2001-01-21"


def test_missing_months_are_counted_in_months(tmp_path):
    months = pd.date_range("2000-01", periods=30, freq="MS")
    daily(tmp_path / "d", months.delete([5, 6]))
    (gap,) = found(study(tmp_path))
    assert (gap.first, gap.last, gap.problem) == ("2000-06", "2000-07", "no file for 2 time(s)")


def test_a_double_names_the_other_file(tmp_path):
    paths = daily(tmp_path / "d")
    (tmp_path / "d" / "sm_copy.nc").write_bytes(paths[4].read_bytes())
    (double,) = found(study(tmp_path))
    assert double.file.endswith("sm_copy.nc")
    assert (double.first, double.problem) == (
        "2001-01-05",
        "1 time(s) that sm_20010105.nc holds, too",
    )


def test_every_unreadable_file_is_listed_with_its_remedy(tmp_path):
    paths = daily(tmp_path / "d")
    paths[3].write_bytes(paths[3].read_bytes()[:800])
    paths[7].write_text("<html>log in</html>")
    problems = found(study(tmp_path))
    faulty = [p for p in problems if p.file]
    assert [p.file for p in faulty] == [str(paths[3]), str(paths[7])]
    assert "truncated or damaged" in faulty[0].problem + faulty[0].remedy
    assert "web page" in faulty[1].problem
    assert "download the file again" in faulty[1].remedy
    assert [p.first for p in problems if not p.file] == ["2001-01-04", "2001-01-08"]


def test_files_of_another_product_are_told(tmp_path):
    daily(tmp_path / "d")
    daily(tmp_path / "d", DAYS[:1], name="ndvi", stem="other")
    (foreign,) = found(study(tmp_path))
    assert foreign.file.endswith("other_20010101.nc")
    assert foreign.problem == "another product: it holds ndvi"


def test_files_on_other_cells_are_told_with_both_grids(tmp_path):
    daily(tmp_path / "d")
    daily(tmp_path / "d", DAYS[5:6], south=36.5)
    (odd,) = found(study(tmp_path))
    assert odd.grid == "3 lat (36.5 to 38.5), 4 lon (100 to 103)"
    assert "other cells than 29 of 30 files (3 lat (36 to 38), 4 lon" in odd.problem


def test_rows_in_another_order_or_precision_are_the_same_cells(tmp_path):
    paths = daily(tmp_path / "d")
    with xr.open_dataset(paths[4]) as ds:
        turned = ds.load().isel(lat=slice(None, None, -1))
    turned.assign_coords(lat=turned.lat.astype("f4")).to_netcdf(paths[4])
    assert found(study(tmp_path)) == []


def test_a_file_of_another_scale_is_told(tmp_path):
    daily(tmp_path / "d", scale=0.001)
    daily(tmp_path / "d", DAYS[5:6], scale=0.01)
    (odd,) = found(study(tmp_path))
    assert odd.file.endswith("0106.nc")
    assert "another scale" in odd.problem
    assert "scale_factor 0.01" in odd.problem


def test_scales_that_every_file_has_of_its_own_are_none_of_note(tmp_path):
    for at, day in enumerate(DAYS):
        daily(tmp_path / "d", DAYS[at : at + 1], scale=0.001 * (at + 1))
        assert (tmp_path / "d" / f"sm_{day:%Y%m%d}.nc").exists()
    assert found(study(tmp_path)) == []


def images(folder, layers, days):
    folder.mkdir()
    for layer in layers:
        for day in days:
            path = folder / f"MOD13A2.061__1_km_16_days_{layer}_doy{day:%Y%j}_aid0001.tif"
            grid = {"crs": "EPSG:4326", "transform": Affine(0.1, 0, 100, 0, -0.1, 40)}
            with rasterio.open(path, "w", "GTiff", 4, 3, 1, dtype="int16", **grid) as file:
                file.write(np.full((3, 4), 5000 if layer == "NDVI" else 0, "int16"), 1)


def test_layers_of_one_date_are_no_doubles_and_gaps_of_images_are_told_once(tmp_path):
    days = pd.date_range("2001-01-01", periods=20, freq="16D").delete(7)
    images(tmp_path / "d", ("NDVI", "pixel_reliability"), days)
    (gap,) = found(study(tmp_path, "modis, paths: d/*.tif"))
    assert (gap.first, gap.last) == ("2001-04-23", "2001-04-23")


def test_an_image_that_is_named_as_another_product_is_told(tmp_path):
    images(
        tmp_path / "d", ("NDVI", "pixel_reliability"), pd.date_range("2001", periods=9, freq="16D")
    )
    one = next((tmp_path / "d").glob("*.tif"))
    (tmp_path / "d" / "elevation.tif").write_bytes(one.read_bytes())
    (foreign,) = found(study(tmp_path, "modis, paths: d/*.tif"))
    assert foreign.file.endswith("elevation.tif")


def test_the_table_opens_in_spreadsheets_and_holds_all(tmp_path, capsys):
    daily(tmp_path / "d", DAYS.delete(range(1, 28, 4)))
    table = tmp_path / "check.csv"
    assert main(["check", str(study(tmp_path)), "--csv", str(table)]) == 0
    assert table.read_bytes().startswith(b"\xef\xbb\xbf" + ",".join(COLUMNS).encode())
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 7
    assert rows[0]["input"] == "soil"
    assert rows[0]["remedy"] == "add the files, or change period"
    said = capsys.readouterr().out
    assert "  soil: 2001-01-02, no file for 1 time(s)\n" in said
    assert "  soil: 2 more; --csv check.csv writes them all\n" in said
    assert said.rstrip().endswith(str(table))


def test_the_table_is_written_where_the_study_is_at_fault(tmp_path, capsys):
    paths = daily(tmp_path / "d")
    paths[3].write_bytes(b"")
    table = tmp_path / "check.csv"
    assert main(["check", str(study(tmp_path)), "--csv", str(table)]) == 2
    assert "empty" in table.read_text(encoding="utf-8-sig")
    assert "sm_20010104.nc cannot be read" in capsys.readouterr().err
    assert main(["check", str(study(tmp_path)), "--csv", str(table)]) == 2  # over our own


def test_a_file_of_the_user_is_never_overwritten(tmp_path, capsys):
    daily(tmp_path / "d")
    own = tmp_path / "notes.csv"
    own.write_text("input,mine\n")
    assert main(["check", str(study(tmp_path)), "--csv", str(own)]) == 2
    assert own.read_text() == "input,mine\n"
    assert "is no table of 'soilscope check'" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("path", "what"), [("no/check.csv", "there is no folder"), ("d", "is a folder")]
)
def test_a_place_where_no_table_can_stand_is_told(tmp_path, path, what):
    (tmp_path / "d").mkdir()
    with pytest.raises(StudyError, match=what):
        require_own_table(tmp_path / path)


def test_preliminary_months_are_told_and_stand_in_the_table(tmp_path, capsys):
    months = pd.date_range("2001-01", periods=6, freq="MS")
    (tmp_path / "d").mkdir()
    version = ("valid_time", np.array(["0001"] * 4 + ["0005"] * 2, object))
    ds = xr.Dataset(
        {"swvl1": (("valid_time", "latitude", "longitude"), np.full((6, 2, 2), 0.2))},
        {"valid_time": months, "latitude": [38.1, 38.0], "longitude": [104.0, 104.1]},
    )
    ds.swvl1.attrs["units"] = "m3 m-3"
    ds.assign_coords(expver=version).to_netcdf(tmp_path / "d" / "land.nc", engine="h5netcdf")
    table = tmp_path / "check.csv"
    path = study(
        tmp_path,
        "era5_land, paths: d/*.nc, variables: {soil_moisture: swvl1}, depth_bounds: [[0, 0.07]]",
    )
    assert main(["check", str(path), "--csv", str(table)]) == 0
    line = "  soil: 2001-05 to 2001-06, preliminary, and may still change\n"
    assert line in capsys.readouterr().out
    assert "soil,,2001-05,2001-06,," in table.read_text(encoding="utf-8-sig")


def test_hdf4_without_its_library_is_told_before_any_work(tmp_path, monkeypatch, capsys):
    (tmp_path / "d").mkdir()
    for at in (1, 17):
        path = tmp_path / "d" / f"MOD13A2.A2001{at:03d}.h25v05.061.2020001000000.hdf"
        path.write_bytes(b"\x0e\x03\x13\x01" + bytes(2000))
    monkeypatch.setitem(sys.modules, "pyhdf", None)
    monkeypatch.setitem(sys.modules, "pyhdf.SD", None)
    table = tmp_path / "check.csv"
    assert main(["check", str(study(tmp_path, "modis, paths: d/*.hdf")), "--csv", str(table)]) == 2
    with table.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2
    assert "pip install" in rows[0]["problem"] + rows[0]["remedy"]
    assert "GeoTIFF" in rows[0]["problem"] + rows[0]["remedy"]
    assert "pip install" in capsys.readouterr().err
