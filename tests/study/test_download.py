"""Downloads: which files a study names, what is kept, and what goes wrong, with clients of our own.

The stand-ins have the interface of the real clients (cdsapi 0.7, earthaccess 0.17); nothing here
touches the network.
"""
# ruff: noqa: ARG002 (stand-ins have the signatures of the clients)

import errno
import json
import shutil
import sys
import warnings
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import open_source
from soilscope.errors import StudyError
from soilscope.study import download_files
from soilscope.study.config import load_study
from soilscope.study.download import download_study
from soilscope.study.download_files import said

NAMES = {
    "2m_temperature": "t2m",
    **{f"volumetric_soil_water_layer_{i}": f"swvl{i}" for i in range(1, 5)},
}
STUDY = """\
title: Downloads
period: [2000-01, 2001-12]
region: [104.2, 38.1, 104.6, 38.4]
inputs:
  land:
    product: era5_land
    paths: land/*.nc
    variables: [soil_moisture, temperature]
    download: {from: cds}
analyses:
  annual: {step: composite, da: temperature, freq: YS}
"""
MODIS = """\
title: Downloads
period: [2001-01, 2001-03]
region: [104.2, 38.1, 104.6, 38.4]
inputs:
  leaves:
    product: modis
    paths: modis/*.hdf
    variables: [ndvi]
    download: {from: earthaccess, collection: MOD13A2, version: "061"}
analyses:
  annual: {step: composite, da: ndvi, freq: YS}
"""


class Cds:
    """The module cdsapi, and its client at once."""

    def __init__(self, fault=None, packed=False):
        self.asked, self.fault, self.packed = [], fault or {}, packed

    def Client(self, **options):
        self.options = options
        return self

    def retrieve(self, name, request, target=None):
        self.asked.append((name, request))
        what = self.fault.get(len(self.asked))
        if what is not None:
            Path(target).write_bytes(b"half a file")
            raise what
        _as_the_store_writes(request, Path(target))
        if self.packed:
            inside = Path(target).rename(f"{target}.inside")
            with zipfile.ZipFile(target, "w") as archive:
                archive.write(inside, "data_stream-moda.nc")
            inside.unlink()


def _as_the_store_writes(request, path) -> None:
    north, west, south, east = request["area"]
    lat = np.arange(round((north - south) * 10) + 1)[::-1] / 10 + south
    lon = np.arange(round((east - west) * 10) + 1) / 10 + west
    months = [f"{request['year'][0]}-{month}-01" for month in request["month"]]
    time = pd.to_datetime(months)
    shape = (len(time), len(lat), len(lon))
    units = {"2m_temperature": ("K", 285.0)}
    data = {}
    for name in request["variable"]:
        unit, value = units.get(name, ("m**3 m**-3", 0.2))
        values = np.full(shape, value) + np.arange(len(time))[:, None, None] / 1000
        data[NAMES[name]] = (("valid_time", "latitude", "longitude"), values, {"units": unit})
    coords = {"valid_time": time, "latitude": lat.round(1), "longitude": lon.round(1)}
    ds = xr.Dataset(data, coords, {"institution": "European Centre for Medium-Range Weather"})
    ds.to_netcdf(f"{path}.made", engine="h5netcdf")
    Path(f"{path}.made").rename(path)


def fetched(folder, *, text=STUDY, today="2020-06-15", **modules):
    """Run a download in `folder`; return what it told, one line a file."""
    (folder / "study.yaml").write_text(text, encoding="utf-8")
    told = []
    download_study(
        folder / "study.yaml",
        report=lambda t: told.append(f"{t.file or 'kept'} {t.done}/{t.total}"),
        begin=lambda _: None,
        modules=modules,
        today=pd.Timestamp(today),
    )
    return told


def names(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


def test_a_file_for_each_variable_and_year_and_the_product_reads_them(tmp_path):
    cds = Cds()
    told = fetched(tmp_path, cds=cds)
    assert names(tmp_path / "land") == [
        "era5_land_soil_moisture_2000.nc",
        "era5_land_soil_moisture_2001.nc",
        "era5_land_temperature_2000.nc",
        "era5_land_temperature_2001.nc",
    ]
    assert told[-1] == "era5_land_temperature_2001.nc 4/4"
    study = load_study(tmp_path / "study.yaml")
    ds = open_source("era5_land", list(study.inputs["land"].paths), variables=["soil_moisture"])
    assert dict(ds.sizes) | {"latitude": 0, "longitude": 0} == {
        "time": 24,
        "depth": 4,
        "latitude": 0,
        "longitude": 0,
    }


def test_requests_are_those_of_the_store(tmp_path):
    cds = Cds()
    fetched(tmp_path, cds=cds)
    name, request = cds.asked[0]
    assert name == "reanalysis-era5-land-monthly-means"
    assert request == {
        "product_type": ["monthly_averaged_reanalysis"],
        "variable": [f"volumetric_soil_water_layer_{i}" for i in range(1, 5)],
        "year": ["2000"],
        "month": [f"{m:02d}" for m in range(1, 13)],
        "time": ["00:00"],
        "area": [38.9, 103.7, 37.6, 105.1],  # north, west, south, east
        "data_format": "netcdf",
        "download_format": "unarchived",
    }


def test_hours_come_by_the_month_with_their_days(tmp_path):
    cds = Cds()
    text = STUDY.replace("{from: cds}", "{from: cds, step: hour}").replace("2000-01", "2001-11")
    (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
    fetched(tmp_path, text=text, cds=cds)
    name, request = cds.asked[0]
    assert name == "reanalysis-era5-land"
    assert "product_type" not in request
    assert request["month"] == ["11"]
    assert request["day"] == [f"{d:02d}" for d in range(1, 31)]
    assert request["time"][:2] == ["00:00", "01:00"]
    assert len(request["time"]) == 24
    assert "era5_land_temperature_2001_12.nc" in names(tmp_path / "land")


def test_a_second_call_asks_for_nothing(tmp_path):
    fetched(tmp_path, cds=Cds())
    again = Cds()
    assert fetched(tmp_path, cds=again) == ["kept 4/4"]
    assert again.asked == []


def test_files_of_other_hands_are_kept(tmp_path):
    (tmp_path / "land").mkdir()
    by_hand = tmp_path / "land" / "era5_land_temperature_2000.nc"
    by_hand.write_bytes(b"fetched by hand")
    cds = Cds()
    assert fetched(tmp_path, cds=cds)[0] == "kept 1/4"
    assert by_hand.read_bytes() == b"fetched by hand"
    assert len(cds.asked) == 3


def test_what_stopped_in_the_middle_is_no_file_and_goes_on(tmp_path):
    cds = Cds(fault={3: ConnectionError("the line went dead")})
    with pytest.raises(
        StudyError, match=r"temperature_2000.nc was not fetched .*went dead.*goes on"
    ):
        fetched(tmp_path, cds=cds)
    assert len(names(tmp_path / "land")) == 2
    assert fetched(tmp_path, cds=Cds())[0] == "kept 2/4"
    assert len(names(tmp_path / "land")) == 4
    assert not list((tmp_path / "land").glob(".*part*"))


def test_an_interruption_leaves_whole_files_alone(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fetched(tmp_path, cds=Cds(fault={2: KeyboardInterrupt()}))
    assert names(tmp_path / "land") == ["era5_land_soil_moisture_2000.nc"]
    assert fetched(tmp_path, cds=Cds())[0] == "kept 1/4"


def test_a_full_disk_is_one_line(tmp_path):
    full = OSError(errno.ENOSPC, "No space left on device")
    wrapped = RuntimeError("could not write")
    wrapped.__cause__ = full
    for number, fault in enumerate((full, wrapped)):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(StudyError, match=r"land: the disk of .* is full; free some space"):
            fetched(folder, cds=Cds(fault={2: fault}))
        assert names(folder / "land") == ["era5_land_soil_moisture_2000.nc"]


def test_another_area_is_told_before_anything_is_fetched(tmp_path):
    fetched(tmp_path, cds=Cds())
    moved, cds = STUDY.replace("38.4]", "39.9]"), Cds()
    with pytest.raises(
        StudyError, match=r"was fetched for .*38\.9, .* is to hold .*40\.4, .*move it"
    ):
        fetched(tmp_path, text=moved, cds=cds)
    assert cds.asked == []


def test_years_that_are_not_over_come_by_the_month_and_stay_so(tmp_path):
    text = STUDY.replace("2001-12", "2030-12").replace("soil_moisture, ", "")
    cds = Cds()
    fetched(tmp_path, text=text, today="2001-03-20", cds=cds)
    held = ["era5_land_temperature_2000.nc"]
    held += [f"era5_land_temperature_2001_{m:02d}.nc" for m in (1, 2)]
    assert names(tmp_path / "land") == held
    fetched(tmp_path, text=text, today="2002-01-20", cds=cds)
    held += [f"era5_land_temperature_2001_{m:02d}.nc" for m in range(3, 13)]
    assert names(tmp_path / "land") == held
    ds = open_source("era5_land", f"{tmp_path}/land/*.nc", variables=["temperature"])
    assert ds.sizes["time"] == 24


def test_a_single_file_in_an_archive_is_unpacked(tmp_path):
    fetched(tmp_path, cds=Cds(packed=True))
    path = tmp_path / "land" / "era5_land_temperature_2000.nc"
    with xr.open_dataset(path) as ds:
        assert "t2m" in ds


def test_what_is_no_netcdf_is_told(tmp_path):
    class Page(Cds):
        def retrieve(self, name, request, target=None):
            Path(target).write_text("<html>log in</html>")

    with pytest.raises(StudyError, match=r"sent no NetCDF: .* a web page"):
        fetched(tmp_path, cds=Page())
    assert names(tmp_path / "land") == []


def test_two_downloads_into_one_folder_are_refused(tmp_path):
    class Second(Cds):
        def retrieve(self, name, request, target=None):
            fetched(tmp_path, cds=Cds())

    with pytest.raises(StudyError, match="another download is at work in"):
        fetched(tmp_path, cds=Second())


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("land/*.nc", "land/*.tif", r"ends in '\*.tif', which does not name .*FOLDER/\*.nc"),
        ("land/*.nc", "[land/a.nc, land/b.nc]", "needs paths with one folder and a pattern"),
        ("[soil_moisture, temperature]", "{temperature: xyz}", "does not know 'xyz' of temp"),
        ("    variables: [soil_moisture, temperature]\n", "", "from cds needs variables"),
        ("region: [104.2, 38.1, 104.6, 38.4]\n", "", r"needs an area; write region"),
        ("period: [2000-01, 2001-12]\n", "", r"needs a period, as in period"),
        ("period: [2000-01, 2001-12]", "period: [2030-01, 2031-12]", "no month .* is over yet"),
        ("    download: {from: cds}\n", "", "no input has the key download"),
        ("{from: cds}", "{from: ftp}", r"from is 'ftp'; it must be one of 'cds', 'earthaccess'"),
        ("{from: cds}", "{form: cds}", r"download: .*(from is missing|unknown key 'form')"),
        ("{from: cds}", "cds", r"download must be a mapping, as in \{from: cds"),
        ("{from: cds}", "{from: stac}", r"from stac needs url, as in"),
        ("{from: cds}", "{from: cds, url: x}", r"from cds has no url; it takes from, area, step"),
        ("{from: cds}", "{from: cds, area: [5, 1, 2, 3]}", r"area is \[5.0, 1.0, 2.0, 3.0\]"),
        ("product: era5_land", "product: modis", "cds knows era5_land and era5, not modis"),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_study_is_told_in_one_line(tmp_path, old, new, words):
    cds = Cds()
    with pytest.raises(StudyError, match=words) as caught:
        fetched(tmp_path, text=STUDY.replace(old, new), cds=cds)
    assert all("\n" not in fault for fault in caught.value.faults)
    assert cds.asked == []


def test_an_area_of_its_own_wins_over_the_region(tmp_path):
    cds = Cds()
    own = STUDY.replace("{from: cds}", "{from: cds, area: [100, 30, 101, 31]}")
    fetched(tmp_path, text=own, cds=cds)
    assert cds.asked[0][1]["area"] == [31.5, 99.5, 29.5, 101.5]


def test_a_missing_client_is_one_line_with_the_command(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "cdsapi", None)
    with pytest.raises(StudyError, match=r"needs the package cdsapi; .*'soilscope\[download\]'"):
        fetched(tmp_path)


def test_a_client_without_configuration_is_one_line(tmp_path):
    def client(**_):
        raise Exception("Missing/incomplete configuration file: /home/user/.cdsapirc\nmore")

    with pytest.raises(
        StudyError, match=r"cdsapi could not begin \(Missing.*\.cdsapirc\); see"
    ) as e:
        fetched(tmp_path, cds=SimpleNamespace(Client=client))
    assert "more" not in str(e.value)


@pytest.mark.parametrize(
    "text",
    [
        "403 for https://user:pa55@host/file.nc?token=pa55&sig=pa55",
        "bad key: pa55",
        "Authorization: Bearer pa55",
        'sent {"password": "pa55"}',
        "first line\nsecret pa55",
    ],
)
def test_nothing_secret_is_repeated(text):
    assert "pa55" not in said(RuntimeError(text))


# ------------------------------------------------------------------ granules of NASA


class LoginStrategyUnavailable(Exception):
    """As earthaccess calls it."""


class Earth:
    """The module earthaccess."""

    def __init__(self, logged_in="netrc"):
        self.logged_in, self.strategies, self.searches, self.fetched = logged_in, [], [], []

    def login(self, strategy="all", persist=False):
        self.strategies.append(strategy)
        if strategy != self.logged_in:
            raise LoginStrategyUnavailable(strategy)
        return SimpleNamespace(authenticated=True)

    def search_data(self, count=-1, **kwargs):
        self.searches.append(kwargs)
        links = [
            f"https://host/MOD13A2.A2001{day:03d}.h25v05.061/MOD13A2.A2001{day:03d}.h25v05.061.hdf"
            for day in (17, 1)
        ]
        return [SimpleNamespace(data_links=lambda x=link: [x, f"{x}.jpg"]) for link in links]

    def download(self, granules, local_path=None, provider=None, threads=8):
        for granule in granules:
            name = granule.data_links()[0].rpartition("/")[2]
            self.fetched.append(name)
            (Path(local_path) / name).write_bytes(b"\x0e\x03\x13\x01 a granule")
        return []


def test_granules_of_the_area_and_period_are_fetched_once(tmp_path):
    earth = Earth()
    told = fetched(tmp_path, text=MODIS, earthaccess=earth)
    assert earth.strategies == ["environment", "netrc"]
    assert earth.searches == [
        {
            "short_name": "MOD13A2",
            "version": "061",
            "bounding_box": (104.2, 38.1, 104.6, 38.4),
            "temporal": ("2001-01-01", "2001-03-31"),
        }
    ]
    expected = [f"MOD13A2.A2001{day:03d}.h25v05.061.hdf" for day in (1, 17)]
    assert names(tmp_path / "modis") == expected
    assert told == [f"{name} {n}/2" for n, name in enumerate(expected, 1)]
    assert fetched(tmp_path, text=MODIS, earthaccess=earth) == ["kept 2/2"]
    assert len(earth.fetched) == 2


def test_without_a_login_nobody_is_asked_for_a_password(tmp_path):
    earth = Earth(logged_in="never")
    with pytest.raises(StudyError, match="finds no login for NASA Earthdata"):
        fetched(tmp_path, text=MODIS, earthaccess=earth)
    assert earth.strategies == ["environment", "netrc"]


def test_a_granule_that_did_not_come_is_told_and_leaves_nothing(tmp_path):
    class Broken(Earth):
        def download(self, granules, local_path=None, provider=None, threads=8):
            (Path(local_path) / "half").write_bytes(b"1")
            return []

    with pytest.raises(StudyError, match=r"earthaccess wrote no MOD13A2.A2001001"):
        fetched(tmp_path, text=MODIS, earthaccess=Broken())
    assert [p.name for p in (tmp_path / "modis").iterdir() if p.suffix != ".lock"] == []


def test_a_search_that_finds_nothing_or_fails_is_told(tmp_path):
    class Empty(Earth):
        def search_data(self, count=-1, **kwargs):
            return []

    class Down(Earth):
        def search_data(self, count=-1, **kwargs):
            raise RuntimeError("503 Service Unavailable")

    with pytest.raises(StudyError, match=r"nothing of MOD13A2 in \[104.2, 38.1, .*look at collec"):
        fetched(tmp_path, text=MODIS, earthaccess=Empty())
    with pytest.raises(StudyError, match=r"gave no list of files \(503 Service Unavailable\)"):
        fetched(tmp_path, text=MODIS, earthaccess=Down())


# ------------------------------------------------------------------ studies and what they say


def test_a_study_without_its_files_names_the_command_and_check_fetches_nothing(tmp_path):
    path = tmp_path / "study.yaml"
    path.write_text(STUDY, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        load_study(path)
    assert any("no file matches" in fault for fault in caught.value.faults)
    assert any("soilscope download study.yaml fetches" in fault for fault in caught.value.faults)
    assert not (tmp_path / "land").exists()


def test_files_that_are_there_make_the_study_pass_with_and_without_the_key(tmp_path):
    fetched(tmp_path, cds=Cds())
    with_key = load_study(tmp_path / "study.yaml").inputs["land"]
    plain = STUDY.replace("    download: {from: cds}\n", "")
    (tmp_path / "study.yaml").write_text(plain, encoding="utf-8")
    without = load_study(tmp_path / "study.yaml").inputs["land"]
    assert with_key.paths == without.paths
    assert with_key.options == without.options


def test_a_synthetic_input_has_no_download(tmp_path):
    text = "inputs:\n  t: {product: helan_twin, download: {from: cds}}\n"
    text += "analyses: {a: {step: composite, da: zone}}\n"
    (tmp_path / "s.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="synthetic and has no download"):
        load_study(tmp_path / "s.yaml")


def test_a_note_that_is_damaged_is_no_obstacle(tmp_path):
    fetched(tmp_path, cds=Cds())
    note = tmp_path / "land" / ".download.json"
    assert "area" not in json.loads(note.read_text("utf-8"))
    note.write_text("{", encoding="utf-8")
    assert fetched(tmp_path, cds=Cds()) == ["kept 4/4"]


def test_a_disk_without_room_is_told_before_the_file_begins(tmp_path, monkeypatch):
    usage = shutil.disk_usage(tmp_path)._replace(free=10 * 2**20)
    monkeypatch.setattr(download_files.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(StudyError, match=r"has 10 MiB left, and the next file takes 1.0 GiB"):
        download_files.require_room(tmp_path, 2**30, name="land")


def test_warnings_of_clients_are_none_of_ours(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fetched(tmp_path, cds=Cds())
