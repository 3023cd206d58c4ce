"""Exported results: opened by other libraries they hold what the results hold."""

import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr

from report.conftest import Folder, layers, source
from soilscope.errors import InputError, StudyError
from soilscope.grid.crs import stamp
from soilscope.names import flag_attrs
from soilscope.study import export_csv, export_geotiff
from soilscope.study.export import export_results
from soilscope.study.store import Store

RNG = np.random.default_rng(2)
WORDS = ("unknown", "dry", "wet")


def maps(n_time: int = 3, *, ascending: bool = False) -> xr.Dataset:
    lat = 38.95 - 0.1 * np.arange(5)
    coords = {
        "time": pd.date_range("2020-01", periods=n_time, freq="MS"),
        "latitude": ("latitude", lat[::-1] if ascending else lat),
        "longitude": ("longitude", 100.05 + 0.1 * np.arange(4)),
    } | layers((0.0, 10.0, 30.0))
    dims = ("time", "depth", "latitude", "longitude")
    slope = RNG.normal(size=(n_time, 2, 5, 4))
    slope[:, :, 0, 0] = np.nan
    codes = RNG.integers(-1, 2, (5, 4)).astype("i1")
    ds = xr.Dataset({"slope": (dims, slope), "code": (dims[2:], codes)}, coords)
    ds["n_obs"] = ds["slope"].notnull().sum("time")
    ds["slope"].attrs = {"units": "m3 m-3 year-1", "long_name": "Theil-Sen slope"}
    ds["code"].attrs = {"long_name": "state"} | flag_attrs(WORDS, first=-1)
    ds["n_obs"].attrs = {"units": "1", "long_name": "number of valid observations"}
    ds.attrs = {"method": "trend", "options": '{"a": 1}', "references": "none"}
    return ds


def places() -> xr.Dataset:
    names = np.array(["银川 plain", "Weining"], dtype=object)
    ds = xr.Dataset(
        {"mean": ("region", [0.25, np.nan]), "state": ("region", np.array([0, -1], "i1")),
         "pattern": ("region", np.array(["dry -> wet", "wet"], dtype=object)), "total": 0.5},
        {"region": names},
    )  # fmt: skip
    ds["mean"].attrs = {"units": "m3 m-3", "long_name": "mean"}
    ds["state"].attrs = flag_attrs(WORDS, first=-1)
    return ds


@pytest.fixture
def root(tmp_path):
    folder = Folder(tmp_path / "results")
    folder.add("cube", "cube", maps(), sources=(source(),))
    folder.add("trend", "trend", maps())
    folder.add("south_up", "trend", maps(ascending=True))
    folder.add("regional", "regional_mean", places())
    return folder.finish(title="Maps")


def test_a_geotiff_holds_bands_with_names_units_and_a_reference_system(root):
    made = export_results(root, form="geotiff", steps=["trend", "south_up"])
    assert made.folder == root / "export" / "geotiff"
    truth = Store(root).open("trend").load()
    for name in ("trend", "south_up"):
        with rasterio.open(made.folder / f"{name}_slope.tif") as file:
            assert file.crs == "EPSG:4326"
            assert file.profile["tiled"]
            assert file.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
            assert np.allclose(tuple(file.transform)[:6], (0.1, 0, 100, 0, -0.1, 39))
            assert np.isnan(file.nodata)
            assert file.descriptions[:3] == (
                "slope 2020-01 0-10 cm", "slope 2020-01 10-30 cm", "slope 2020-02 0-10 cm",
            )  # fmt: skip
            assert set(file.units) == {"m3 m-3 year-1"}
            assert file.tags()["long_name"] == "Theil-Sen slope"
            bands = file.read()
        held = Store(root).open(name)["slope"].sortby("latitude", ascending=False)
        np.testing.assert_array_equal(bands, held.values.reshape(6, 5, 4))
    with rasterio.open(made.folder / "trend_code.tif") as file:
        np.testing.assert_array_equal(file.read(1), truth["code"].values)
        assert (file.dtypes, file.nodata) == (("int16",), -128)
        assert file.tags()["flag_meanings"] == "unknown dry wet"
        assert file.descriptions == ("code",)
    with rasterio.open(made.folder / "trend_n_obs.tif") as file:
        assert file.dtypes[0] == "int32"


def test_a_projected_grid_keeps_its_reference_system(tmp_path):
    ds = maps().rename(latitude="y", longitude="x")
    ds = ds.assign_coords(y=4e6 - 1000.0 * np.arange(5), x=5e5 + 1000.0 * np.arange(4))
    folder = Folder(tmp_path / "results")
    folder.add("cube", "cube", stamp(ds, "EPSG:32647").drop_encoding())
    folder.add("trend", "trend", ds)  # takes it from the cube
    root = folder.finish(title="Maps")
    with rasterio.open(export_results(root, form="geotiff").folder / "trend_slope.tif") as file:
        assert file.crs.to_epsg() == 32647
    made = export_results(root, form="netcdf")
    with xr.open_dataset(made.files[0], decode_coords="all") as found:
        assert "UTM zone 47N" in found["spatial_ref"].attrs["crs_wkt"]
        assert found["slope"].encoding["grid_mapping"] == "spatial_ref"
        assert found["x"].attrs["standard_name"] == "projection_x_coordinate"
        assert found["x"].attrs["units"] == found["y"].attrs["units"] == "m"


def test_many_maps_become_several_files(root, monkeypatch):
    monkeypatch.setattr(export_geotiff, "MOST", 4)
    made = export_results(root, form="geotiff", steps=["south_up"])
    names = [file.name for file in made.files]
    assert names[:2] == ["south_up_slope_2020-01.tif", "south_up_slope_2020-03.tif"]
    with rasterio.open(made.folder / names[1]) as file:
        assert file.descriptions[0] == "slope 2020-03 0-10 cm"


def test_a_netcdf_is_cf_and_holds_the_result(root):
    made = export_results(root, form="netcdf")
    assert [file.name for file in made.files] == ["trend.nc", "south_up.nc", "regional.nc"]
    with xr.open_dataset(made.folder / "trend.nc", decode_coords=False) as found:
        truth = Store(root).open("trend").load()
        for name in truth.data_vars:
            np.testing.assert_array_equal(found[name].values, truth[name].values)
        assert found.attrs["Conventions"] == "CF-1.8"
        assert found.attrs["options"] == '{"a": 1}'
        assert (found["time"].values == truth["time"].values).all()
        assert found["latitude"].attrs["units"] == "degrees_north"
        np.testing.assert_allclose(found["depth_bnds"], [[0, 0.1], [0.1, 0.3]])
        assert found["depth"].attrs["bounds"] == "depth_bnds"
        assert not any("coordinates" in found[v].attrs for v in found.variables)
        assert found["code"].attrs["flag_values"].dtype == np.int8
        assert found["slope"].attrs["grid_mapping"] == "spatial_ref"
        assert found["spatial_ref"].attrs["grid_mapping_name"] == "latitude_longitude"
    with xr.open_dataset(made.folder / "regional.nc") as found:
        assert found["region_name"].values.tolist() == ["银川 plain", "Weining"]
        assert found["mean"].encoding["coordinates"] == "region_name"
        assert found["pattern"].values.tolist() == ["dry -> wet", "wet"]


def test_time_goes_before_other_dimensions_in_netcdf(tmp_path):
    folder = Folder(tmp_path / "results")
    folder.add("trend", "trend", maps().transpose("latitude", "depth", "time", "longitude"))
    made = export_results(folder.finish(title="Turned"), form="netcdf")
    with xr.open_dataset(made.files[0]) as found:
        assert found["slope"].dims == ("time", "depth", "latitude", "longitude")
        assert found["code"].dims == ("latitude", "longitude")


def cdo(*arguments: object, warns: str = "") -> str:
    if shutil.which("cdo") is None:
        pytest.skip("CDO is not installed (Debian: apt install cdo)")
    done = subprocess.run(["cdo", "-s", *map(str, arguments)], capture_output=True, text=True)
    assert (done.returncode, done.stderr.strip()) == (0, warns)
    return done.stdout


def test_cdo_opens_a_netcdf_without_a_warning_and_reads_its_values(root):
    file = export_results(root, form="netcdf", steps=["trend"]).files[0]
    told = cdo("sinfo", file)
    for words in (
        r"lonlat +: points=20 \(4x5\)", "mapping : latitude_longitude",
        "longitude : 100.05 to 100.35 by 0.1", "latitude : 38.95 to 38.55 by -0.1",
        "bounds : 0-0.1 to 0.1-0.3 m", "time : 3 steps", "2020-02-01 00:00:00",
    ):  # fmt: skip
        assert re.search(words, told), told
    assert cdo("showname", file).split() == ["slope", "code", "n_obs"]
    assert "m3 m-3 year-1" in cdo("showunit", file)
    truth = Store(root).open("trend").load()["slope"].isel(time=1, depth=1)
    shown = cdo("output", "-setmissval,-9999", "-sellevidx,2", "-seltimestep,2",
                "-selname,slope", file).split()  # fmt: skip
    np.testing.assert_allclose(
        [float(word) for word in shown], truth.fillna(-9999).values.ravel(), rtol=1e-4
    )


def test_cdo_knows_a_projected_grid_and_opens_series_of_places(tmp_path):
    ds = maps().rename(latitude="y", longitude="x").transpose("y", "x", "depth", "time")
    ds = ds.assign_coords(y=4e6 - 1000.0 * np.arange(5), x=5e5 + 1000.0 * np.arange(4))
    folder = Folder(tmp_path / "results")
    folder.add("trend", "trend", stamp(ds, "EPSG:32647").drop_encoding())
    dated = places()[["mean", "state"]].expand_dims(time=maps()["time"], axis=1)
    folder.add("regional", "regional_mean", dated)
    trend, regional = export_results(folder.finish(title="Maps"), form="netcdf").files
    told = cdo("sinfo", trend)
    assert "mapping : transverse_mercator" in told
    assert "y : 4000000 to 3996000 by -1000 m" in told
    warns = "Warning (cdfInqContents): Coordinates variable region_name can't be assigned!"  # texts
    assert cdo("ntime", regional, warns=warns).split() == ["3"]


def test_tables_have_a_byte_order_mark_words_for_codes_and_a_list_of_columns(root):
    made = export_results(root, form="csv", steps=["regional", "trend"])
    assert (made.folder / "regional.csv").read_bytes().startswith(b"\xef\xbb\xbfregion,mean,")
    table = pd.read_csv(made.folder / "regional.csv")
    assert table["region"].tolist() == ["银川 plain", "Weining"]
    assert table["state"].tolist() == ["dry", "unknown"]
    assert pd.read_csv(made.folder / "regional_whole.csv")["total"].tolist() == [0.5]
    columns = pd.read_csv(made.folder / "trend_columns.csv").set_index(["file", "column"])
    assert columns.loc[("trend.csv", "slope"), "units"] == "m3 m-3 year-1"
    maps_of = pd.read_csv(made.folder / "trend.csv")
    assert maps_of["time"].unique().tolist() == ["2020-01-01", "2020-02-01", "2020-03-01"]
    assert len(maps_of) == 3 * 2 * 19  # the cell without a value is no row
    truth = Store(root).open("trend").load()
    row = maps_of.iloc[50]
    at = {k: row[k] for k in ("depth", "latitude", "longitude")}
    one = truth["slope"].sel(time=row["time"]).sel(at, method="nearest")
    assert row["slope"] == pytest.approx(float(one), rel=1e-8)


def test_long_tables_are_written_in_parts_that_fit_together(root, monkeypatch):
    whole = export_results(root, form="csv", steps=["trend"]).folder / "trend.csv"
    before = whole.read_bytes()
    monkeypatch.setattr(export_csv, "ROWS", 50)
    export_results(root, form="csv", steps=["trend"], force=True)
    assert whole.read_bytes() == before


def test_results_without_maps_are_left_out_of_geotiff(root):
    assert export_results(root, form="geotiff").left_out == ["regional"]
    with pytest.raises(StudyError, match="regional: there is no map that a GeoTIFF can hold"):
        export_results(root, form="geotiff", steps=["regional"])


def test_files_that_are_there_are_not_touched_without_force(root, tmp_path):
    made = export_results(root, form="csv", steps=["regional"], output=tmp_path / "out")
    made.files[0].write_text("mine")
    with pytest.raises(StudyError, match=r"has regional.csv and 2 more already, and nothing was"):
        export_results(root, form="csv", output=tmp_path / "out")
    assert made.files[0].read_text() == "mine"
    assert not (tmp_path / "out" / "trend.csv").exists()
    export_results(root, form="csv", steps=["regional"], output=tmp_path / "out", force=True)
    assert made.files[0].read_text() != "mine"


@pytest.mark.parametrize("form", ["geotiff", "netcdf", "csv"])
def test_a_file_is_there_whole_or_not_at_all(root, form, monkeypatch):
    def fail(*_: object, **__: object) -> None:
        raise OSError("full")

    monkeypatch.setattr("rasterio.shutil.copy", fail)
    monkeypatch.setattr("xarray.Dataset.to_netcdf", fail)
    monkeypatch.setattr("pandas.DataFrame.to_csv", fail)
    with pytest.raises(OSError, match="full"):
        export_results(root, form=form)
    assert list((root / "export" / form).iterdir()) == []


def test_bad_input_is_one_clear_line(root, tmp_path):
    with pytest.raises(InputError, match=r"--format is 'geotif'; .*did you mean 'geotiff'"):
        export_results(root, form="geotif")
    with pytest.raises(StudyError, match="has no result 'trent'; did you mean 'trend'"):
        export_results(root, form="csv", steps=["trent"])
    with pytest.raises(StudyError, match="has no result 'x'; it has cube, trend, south_up"):
        export_results(root, form="csv", steps=["x"])
    with pytest.raises(StudyError, match=r"--steps names no result; .* has cube, trend"):
        export_results(root, form="csv", steps=[])
    with pytest.raises(StudyError, match="is not a results folder"):
        export_results(tmp_path, form="csv")
    (tmp_path / "file").touch()
    with pytest.raises(StudyError, match="is a file; give another folder with --output"):
        export_results(root, form="csv", output=tmp_path / "file")
    (root / "results" / "regional" / "step.json").unlink()
    with pytest.raises(StudyError, match="regional is not finished in"):
        export_results(root, form="csv", steps=["regional"])
    by_kind = export_results(root, form="netcdf", steps=["cube", "trend"])
    assert [file.name for file in by_kind.files] == ["cube.nc", "trend.nc"]


def test_the_command_prints_the_folder_and_tells_faults_with_exit_code_2(root, capsys):
    from soilscope.cli.main import main

    assert main(["export", str(root), "--format", "csv", "--steps", "regional,trend", "-q"]) == 0
    shown = capsys.readouterr()
    assert shown.out.splitlines() == [str(root / "export" / "csv")]
    assert shown.err == ""
    for arguments in (["--format", "csv"], ["--format", "tiff"], ["--format", "csv", "-s", "no"]):
        assert main(["export", str(root), *arguments]) == 2
        [line] = capsys.readouterr().err.splitlines()
        assert line.startswith("soilscope: error: ")
    assert main(["export", str(root.parent), "--format", "csv"]) == 2
    assert "did you mean" in capsys.readouterr().err
