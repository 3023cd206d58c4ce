"""Downloads from a static STAC catalogue served on loopback: searching, resuming, faults."""

import datetime
import functools
import http.server
import sys
import threading
from types import SimpleNamespace

import numpy as np
import pyproj
import pytest
import rasterio
from affine import Affine
from odc.geo.crs import CRS
from odc.geo.geobox import GeoBox

from soilscope import open_source
from soilscope.errors import StudyError
from soilscope.study import download_cut, download_http
from soilscope.study.download import download_study
from soilscope.study.download_http import fetch_http

pystac = pytest.importorskip("pystac", reason="the extra download is not installed")
pytest.importorskip("pystac_client", reason="the extra download is not installed")

STUDY = """\
title: Downloads
period: [2001-01, 2001-02]
region: [104.2, 38.1, 104.6, 38.4]
inputs:
  leaves:
    product: modis
    paths: modis/*.tif
    variables: [ndvi]
    download: {from: stac, url: "URL", collection: MOD13A2, assets: [NDVI, pixel_reliability]}
analyses:
  annual: {step: composite, da: ndvi, freq: YS}
"""
BOX = [104.0, 38.0, 105.0, 39.0]


class Server(http.server.SimpleHTTPRequestHandler):
    """Files with parts of them (Range), as servers of data have them, and faults on demand."""

    asked: list  # of (path, Range)
    faults: dict  # path ending -> status, or number of bytes after which the line is cut

    def do_GET(self):
        wanted = self.headers.get("Range", "")
        self.asked.append((self.path.partition("?")[0], wanted))
        fault = next((f for end, f in self.faults.items() if self.path.endswith(end)), None)
        if isinstance(fault, list):
            fault = fault.pop(0) if fault else None
        if fault in (401, 403, 404, 503):
            self.send_error(fault)
            return
        path = self.translate_path(self.path)
        try:
            with open(path, "rb") as file:  # noqa: PTH123 (as the handler's own path)
                body = file.read()
        except OSError:
            self.send_error(404)
            return
        first, _, last = wanted.removeprefix("bytes=").partition("-")
        is_part = bool(wanted) and fault != "whole"
        start = int(first) if is_part else 0
        whole = body[start : int(last) + 1 if is_part and last else None]
        fault = None if fault == "whole" else fault
        self.send_response(206 if is_part else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hash(body)}"')
        if is_part:
            end = start + len(whole) - 1
            self.send_header("Content-Range", f"bytes {start}-{end}/{len(body)}")
        self.send_header("Content-Length", str(len(whole)))
        self.end_headers()
        self.wfile.write(whole if fault is None else whole[:fault])

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture
def server(tmp_path, monkeypatch):
    """Serve tmp_path/web; `url`, `asked` and `faults` are its attributes."""
    monkeypatch.setattr(download_http, "_PAUSES", (0.0, 0.0))
    (tmp_path / "web").mkdir()
    handler = type("Handler", (Server,), {"asked": [], "faults": {}})
    made = functools.partial(handler, directory=str(tmp_path / "web"))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), made) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        running.url = f"http://127.0.0.1:{running.server_port}"
        running.asked, running.faults = handler.asked, handler.faults
        yield running
        running.shutdown()
        thread.join()


@pytest.fixture
def catalogue(server, tmp_path):
    """Write a static catalogue of three dates and another place, with images of NDVI."""
    root = pystac.Catalog("root", "a test")
    extent = pystac.Extent(
        pystac.SpatialExtent([BOX]),
        pystac.TemporalExtent([[datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC), None]]),
    )
    collection = pystac.Collection("MOD13A2", "vegetation", extent)
    root.add_child(collection)
    tiles = ((1, "h25v05", 104.0), (17, "h25v05", 104.0), (17, "h01v01", 4.0))
    for day, tile, west in (*tiles, (1, "h26v05", 105.0), (97, "h25v05", 104.0)):
        date = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(day - 1)
        name = f"MOD13A2.A2001{day:03d}.{tile}.061"
        box = [west, 38.0, west + 1, 39.0]
        corners = [[west, 38.0], [west + 1, 38.0], [west + 1, 39.0], [west, 39.0], [west, 38.0]]
        geometry = {"type": "Polygon", "coordinates": [corners]}
        item = pystac.Item(name, geometry, box, date, {})
        for key, dtype, value in (
            ("NDVI", "int16", 2000 + day + int(west) - 104),
            ("pixel_reliability", "int8", 0),
        ):
            path = tmp_path / "web" / "MOD13A2" / name / f"{name}_1_km_16_days_{key}.tif"
            path.parent.mkdir(parents=True, exist_ok=True)
            with rasterio.open(
                path, "w", driver="GTiff", dtype=dtype, count=1, height=40, width=40,
                crs="EPSG:4326", transform=Affine(1 / 40, 0, west, 0, -1 / 40, 39),
            ) as file:  # fmt: skip
                file.write(np.full((40, 40), value, dtype), 1)
            item.add_asset(key, pystac.Asset(f"./{path.name}", roles=["data"]))
        item.add_asset("thumbnail", pystac.Asset("./look.png", roles=["thumbnail"]))
        collection.add_item(item)
    root.normalize_hrefs(str(tmp_path / "web"))
    root.save(pystac.CatalogType.SELF_CONTAINED)
    return f"{server.url}/catalog.json"


def fetched(folder, url, *, text=STUDY) -> list[str]:
    (folder / "study.yaml").write_text(text.replace("URL", url), encoding="utf-8")
    told = []
    download_study(
        folder / "study.yaml",
        report=lambda t: told.append(f"{t.file or 'kept'} {t.done}/{t.total}"),
        begin=lambda _: None,
    )
    return told


def names(folder) -> list[str]:
    return sorted(p.name for p in folder.iterdir() if not p.name.startswith("."))


def test_assets_of_the_area_and_period_are_fetched_and_read(catalogue, tmp_path):
    told = fetched(tmp_path, catalogue)
    assert names(tmp_path / "modis") == [
        f"MOD13A2.A2001{day}.h25v05.061_1_km_16_days_{key}.tif"
        for day in ("001", "017")
        for key in ("NDVI", "pixel_reliability")
    ]
    assert told[-1].endswith("4/4")
    ds = open_source("modis", f"{tmp_path}/modis/*.tif")
    assert ds.ndvi[:, 0, 0].values.tolist() == pytest.approx([0.2001, 0.2017], abs=1e-6)


def test_a_second_call_fetches_nothing(catalogue, server, tmp_path):
    fetched(tmp_path, catalogue)
    server.asked.clear()
    assert fetched(tmp_path, catalogue) == ["kept 4/4"]
    assert not [path for path, _ in server.asked if path.endswith(".tif")]


def test_assets_of_data_are_taken_where_none_is_named(catalogue, tmp_path):
    plain = STUDY.replace(", assets: [NDVI, pixel_reliability]", "")
    assert len(fetched(tmp_path, catalogue, text=plain)) == 4


def test_names_of_servers_stay_in_the_folder(catalogue, tmp_path):
    for path in (tmp_path / "web").rglob("*.json"):
        if "A2001001.h25v05" in path.name:
            text = path.read_text("utf-8")
            path.write_text(text.replace('"id": "MOD13A2.A2001001', '"id": "../../up'), "utf-8")
    before = set(tmp_path.iterdir())
    fetched(tmp_path, catalogue)
    assert {p.name for p in set(tmp_path.iterdir()) - before} == {"modis", "study.yaml"}
    assert "up.h25v05.061_MOD13A2.A2001001.h25v05.061_1_km_16_days_NDVI.tif" in names(
        tmp_path / "modis"
    )


def test_a_line_that_is_cut_goes_on_where_it_was(catalogue, server, tmp_path):
    server.faults["A2001017.h25v05.061_1_km_16_days_NDVI.tif"] = [1000]
    fetched(tmp_path, catalogue)
    ranges = [
        part for path, part in server.asked if path.endswith("017.h25v05.061_1_km_16_days_NDVI.tif")
    ]
    assert ranges == ["", "", "bytes=1000-"]
    name = "MOD13A2.A2001017.h25v05.061_1_km_16_days_NDVI.tif"
    original = next((tmp_path / "web").rglob(name))
    assert (tmp_path / "modis" / name).read_bytes() == original.read_bytes()
    assert not list((tmp_path / "modis").glob(".*.part*"))


def test_what_an_earlier_command_left_goes_on(server, tmp_path):
    body = bytes(range(256)) * 40
    (tmp_path / "web" / "a.bin").write_bytes(body)
    server.faults["a.bin"] = [5000, *[5] * 9]  # the line stays cut
    partial = tmp_path / ".a.bin.part"
    with pytest.raises(OSError, match="connection ended after"):
        fetch_http(f"{server.url}/a.bin", partial, name="x")
    held = partial.stat().st_size
    assert 5000 <= held < len(body)
    server.asked.clear()
    server.faults.clear()
    fetch_http(f"{server.url}/a.bin", partial, name="x")
    assert partial.read_bytes() == body
    assert server.asked[-1][1] == f"bytes={held}-"


def test_a_file_that_changed_on_the_server_begins_anew(server, tmp_path):
    path, partial = tmp_path / "web" / "a.bin", tmp_path / ".a.bin.part"
    path.write_bytes(b"old" * 1000)
    server.faults["a.bin"] = [500, *[5] * 9]
    with pytest.raises(OSError, match="connection ended after"):
        fetch_http(f"{server.url}/a.bin", partial, name="x")
    path.write_bytes(b"new" * 1000)
    server.faults.clear()
    fetch_http(f"{server.url}/a.bin", partial, name="x")
    assert partial.read_bytes() == b"new" * 1000


def test_a_server_that_gives_the_whole_file_again_is_understood(server, tmp_path):
    body = bytes(range(256)) * 4
    (tmp_path / "web" / "a.bin").write_bytes(body)
    server.faults["a.bin"] = [500, None, "whole"]
    fetch_http(f"{server.url}/a.bin", tmp_path / "a.part", name="x")
    assert (tmp_path / "a.part").read_bytes() == body
    assert [part for _, part in server.asked] == ["", "", "bytes=500-"]


def test_a_server_that_is_busy_is_asked_again(server, tmp_path):
    (tmp_path / "web" / "a.bin").write_bytes(b"body")
    server.faults["a.bin"] = [503]
    fetch_http(f"{server.url}/a.bin", tmp_path / "a.part", name="x")
    assert (tmp_path / "a.part").read_bytes() == b"body"
    assert len(server.asked) == 2


def test_a_login_and_a_signature_are_told_without_the_secret(server, tmp_path):
    server.faults["a.bin?sig=pa55"] = 403
    (tmp_path / "web" / "a.bin").write_bytes(b"body")
    with pytest.raises(StudyError, match=r"asks for a login \(403\); fetch it with its own") as e:
        fetch_http(f"{server.url}/a.bin?sig=pa55", tmp_path / "a.part", name="x")
    assert "pa55" not in str(e.value)
    with pytest.raises(StudyError, match="is no address of a web server"):
        fetch_http((tmp_path / "web" / "a.bin").as_uri(), tmp_path / "a.part", name="x")


def test_a_file_that_is_not_there_is_told_and_others_are_kept(catalogue, server, tmp_path):
    server.faults["A2001017.h25v05.061_1_km_16_days_NDVI.tif"] = 404
    with pytest.raises(StudyError, match=r"leaves: MOD13A2.A2001017.* was not fetched .*404"):
        fetched(tmp_path, catalogue)
    assert len(names(tmp_path / "modis")) == 2


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("collection: MOD13A2", "collection: MOD11A1", "no collection 'MOD11A1'; it has: MOD13A2"),
        ("[NDVI, pixel_reliability]", "[EVI]", r"no asset 'EVI'; it has: NDVI, pixel_rel"),
        ("2001-02]", "2001-02]\nroots: {}", None),
        ("period: [2001-01, 2001-02]", "period: [1999-01, 1999-02]", "has nothing of MOD13A2 in"),
        ("[104.2, 38.1, 104.6, 38.4]", "[50, 38, 51, 39]", r"nothing of MOD13A2 in \[50, 38"),
        (
            "paths: modis/*.tif",
            "paths: modis/*.hdf",
            "does not name what is fetched, such as MOD13",
        ),
    ],
)
def test_what_the_catalogue_does_not_have_is_told(catalogue, tmp_path, old, new, words):
    text = STUDY.replace(old, new)
    if words is None:
        fetched(tmp_path, catalogue, text=text)
        return
    with pytest.raises(StudyError, match=words):
        fetched(tmp_path, catalogue, text=text)


def test_a_catalogue_that_does_not_answer_is_told(tmp_path):
    with pytest.raises(
        StudyError, match=r"leaves: stac gave no list of files \(.*\); give the same"
    ):
        fetched(tmp_path, "http://127.0.0.1:9/catalog.json")


# ------------------------------------------------------------------ images cut to the area


@pytest.fixture
def cut():
    pytest.importorskip("odc.stac", reason="the extra download is not installed")
    return STUDY.replace("pixel_reliability]}", "pixel_reliability], cut: true}")


def test_images_are_cut_to_the_area_on_the_cells_they_have(catalogue, tmp_path, cut):
    fetched(tmp_path, catalogue, text=cut)
    assert names(tmp_path / "modis") == [
        f"MOD13A2_{key}_2001_01_{day}.tif"
        for key in ("NDVI", "pixel_reliability")
        for day in ("01", "17")
    ]
    with rasterio.open(tmp_path / "modis" / "MOD13A2_NDVI_2001_01_17.tif") as file:
        assert file.bounds == pytest.approx((104.2, 38.1, 104.6, 38.4), abs=1e-9)
        assert file.shape == (12, 16)
        assert file.dtypes == ("int16",)
        assert (file.read(1) == 2017).all()
    ds = open_source("modis", f"{tmp_path}/modis/*.tif")
    assert ds.ndvi[:, 0, 0].values.tolist() == pytest.approx([0.2001, 0.2017], abs=1e-6)
    assert fetched(tmp_path, catalogue, text=cut) == ["kept 4/4"]


def test_tiles_of_one_date_become_one_image_that_is_missing_beyond_them(catalogue, tmp_path, cut):
    wide = cut.replace("104.2, 38.1, 104.6, 38.4", "103.5, 38.5, 105.5, 38.7")
    fetched(tmp_path, catalogue, text=wide)
    with rasterio.open(tmp_path / "modis" / "MOD13A2_NDVI_2001_01_01.tif") as file:
        image = file.read(1)
        assert file.bounds == pytest.approx((103.5, 38.5, 105.5, 38.7), abs=1e-9)
        assert file.nodata == -32768
    assert image.shape == (8, 80)
    np.testing.assert_array_equal(
        image[0, [0, 19, 20, 59, 60, 79]], [-32768] * 2 + [2001] * 2 + [2002] * 2
    )


def test_cells_of_a_projection_are_those_of_the_tile():
    """Tile h25v05 of the MODIS grid, 1200 cells of 926.6254330558 m from 7783653.6377 m on."""
    cell = 926.6254330558334
    sinusoidal = "+proj=sinu +lon_0=0 +x_0=0 +y_0=0 +R=6371007.181 +units=m +no_defs"
    tile = GeoBox(
        (1200, 1200), Affine(cell, 0, 8400 * cell, 0, -cell, 4800 * cell), CRS(sinusoidal)
    )
    request = SimpleNamespace(bounds=(104.2, 38.1, 104.6, 38.4))
    box = download_cut._window(tile, request)
    at = (box.affine.c / cell, box.affine.f / cell)
    assert at == pytest.approx(tuple(map(round, at)), abs=1e-5)
    assert box.resolution.x == pytest.approx(cell)
    to_metres = pyproj.Transformer.from_crs("EPSG:4326", sinusoidal, always_xy=True)
    x, y = to_metres.transform([104.2, 104.6, 104.6, 104.2], [38.1, 38.1, 38.4, 38.4])
    west, south, east, north = box.boundingbox
    slack = cell / 100
    assert west - slack <= min(x) < west + cell
    assert south - slack <= min(y) < south + cell
    assert east - cell < max(x) <= east + slack
    assert north - cell < max(y) <= north + slack


def test_another_area_of_cut_images_is_told(catalogue, tmp_path, cut):
    fetched(tmp_path, catalogue, text=cut)
    moved = cut.replace("104.6, 38.4]", "104.6, 38.5]")
    with pytest.raises(
        StudyError, match=r"was fetched for .*38\.4\], and now it is to hold .*38\.5"
    ):
        fetched(tmp_path, catalogue, text=moved)


def test_cut_needs_assets_and_its_package(catalogue, tmp_path, cut, monkeypatch):
    with pytest.raises(StudyError, match="stac with cut needs assets"):
        fetched(tmp_path, catalogue, text=cut.replace("assets: [NDVI, pixel_reliability], ", ""))
    monkeypatch.setitem(sys.modules, "odc.stac", None)
    with pytest.raises(StudyError, match="needs the package odc-stac; install it, with pip"):
        fetched(tmp_path, catalogue, text=cut)
