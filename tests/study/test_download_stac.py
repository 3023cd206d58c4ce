"""Downloads from a static STAC catalogue served on loopback: searching, resuming, faults."""

import datetime
import functools
import http.server
import threading

import numpy as np
import pytest

from soilscope import open_source
from soilscope.errors import StudyError
from soilscope.study import download_http
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
        start = int(wanted[6:-1]) if wanted else 0
        self.send_response(206 if start else 200)
        self.send_header("Accept-Ranges", "bytes")
        self.send_header("ETag", f'"{hash(body)}"')
        whole = body[start:]
        self.send_header("Content-Length", str(len(body) if not start else len(whole)))
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
    import rasterio
    from affine import Affine

    root = pystac.Catalog("root", "a test")
    extent = pystac.Extent(
        pystac.SpatialExtent([BOX]),
        pystac.TemporalExtent([[datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC), None]]),
    )
    collection = pystac.Collection("MOD13A2", "vegetation", extent)
    root.add_child(collection)
    for day, tile, west in ((1, "h25v05", 104.0), (17, "h25v05", 104.0), (17, "h01v01", 4.0),
                            (97, "h25v05", 104.0)):  # fmt: skip
        date = datetime.datetime(2001, 1, 1, tzinfo=datetime.UTC) + datetime.timedelta(day - 1)
        name = f"MOD13A2.A2001{day:03d}.{tile}.061"
        box = [west, 38.0, west + 1, 39.0]
        corners = [[west, 38.0], [west + 1, 38.0], [west + 1, 39.0], [west, 39.0], [west, 38.0]]
        geometry = {"type": "Polygon", "coordinates": [corners]}
        item = pystac.Item(name, geometry, box, date, {})
        for key, dtype, value in (("NDVI", "int16", 2000 + day), ("pixel_reliability", "int8", 0)):
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
