"""The page links exported files, whether they were written before it or after it."""

import re
from pathlib import Path
from urllib.parse import unquote

import pytest
import xarray as xr

from report.conftest import Folder, source
from soilscope.cli.main import main
from soilscope.report.exports import MOST, exports_of, link_exports
from soilscope.report.page import write_report
from soilscope.study.export import export_results
from soilscope.study.store import Store, read_json, write_json

LINK = re.compile(r'href="(\.\./export/[^"]+)"')


@pytest.fixture
def root(tmp_path) -> Path:
    """Two results on a grid, one with a name that a link has to escape."""
    coords = {"latitude": [38.95, 38.85], "longitude": [100.05, 100.15, 100.25]}
    field = xr.DataArray([[0.1, 0.2, 0.3], [0.2, 0.3, 0.4]], coords, name="soil_moisture")
    field.attrs["units"] = "m3 m-3"
    folder = Folder(tmp_path / "results")
    folder.add("cube", "cube", field.to_dataset(), sources=(source(),))
    folder.add("mean", "temporal_mean", field.to_dataset())
    folder.add("年 mean", "temporal_mean", field.to_dataset())
    return folder.finish(title="Exports")


def links_of(root: Path) -> list[Path]:
    """Files that the page links, as a browser finds them."""
    text = (root / "report" / "index.html").read_text(encoding="utf-8")
    return [(root / "report" / unquote(link)).resolve() for link in LINK.findall(text)]


def files_of(root: Path) -> set[Path]:
    return {p.resolve() for p in (root / "export").glob("*/*") if p.name != "made-of.json"}


def test_a_page_made_after_the_export_links_every_file(root):
    for form in ("csv", "geotiff", "netcdf"):
        export_results(root, form=form)
    write_report(root)
    links = links_of(root)
    assert len(links) == len(set(links)) == 4 + 2 + 2  # a table and its columns for each result
    assert set(links) == files_of(root)


def test_a_page_made_before_the_export_says_how_and_then_links_every_file(root, capsys):
    page = write_report(root)
    before = page.read_text(encoding="utf-8")
    assert links_of(root) == []
    assert "soilscope export DIR --format geotiff" in before
    assert main(["export", str(root), "--format", "netcdf"]) == 0
    shown = capsys.readouterr().out.splitlines()
    assert shown == ["  mean.nc", "  年 mean.nc", "  linked in report/index.html",
                     str(root / "export" / "netcdf")]  # fmt: skip
    assert set(links_of(root)) == files_of(root)
    after = page.read_text(encoding="utf-8")
    cut = re.compile(r'<section id="exports".*?</section>', re.DOTALL)
    assert cut.sub("", after) == cut.sub("", before)
    assert write_report(root).read_text(encoding="utf-8") == after


def test_files_elsewhere_are_not_linked(root, tmp_path):
    write_report(root)
    export_results(root, form="csv", output=tmp_path / "tables")
    assert link_exports(root)
    assert links_of(root) == []
    assert not (tmp_path / "tables" / "made-of.json").exists()


def test_what_was_exported_bit_by_bit_and_what_was_removed_since(root):
    export_results(root, form="csv", steps=["mean"])
    export_results(root, form="csv", steps=["年 mean"])
    assert [one.name for one in exports_of(root)] == ["mean", "年 mean"]
    (root / "export" / "csv" / "mean.csv").unlink()
    assert [f.name for f in exports_of(root)[0].files["CSV"]] == ["mean_columns.csv"]


def test_files_of_an_earlier_run_are_marked(root):
    export_results(root, form="netcdf")
    write_report(root)
    step = root / "results" / "mean" / "step.json"
    write_json(step, read_json(step) | {"fingerprint": "e" * 64})
    assert {one.name: one.files["NetCDF"][0].older for one in exports_of(root)} == {
        "mean": True, "年 mean": False,
    }  # fmt: skip
    link_exports(root)
    text = (root / "report" / "index.html").read_text(encoding="utf-8")
    assert text.count("</a> <em>older</em>") == 1
    export_results(root, form="netcdf", force=True)
    assert not any(one.files["NetCDF"][0].older for one in exports_of(root))


def test_many_files_are_counted_instead_of_linked(root):
    export_results(root, form="netcdf", steps=["mean"])
    folder = root / "export" / "netcdf"
    about = {"result": "mean", "fingerprint": Store(root).record("mean").fingerprint}
    for k in range(MOST + 5):
        (folder / f"{k}.nc").touch()
    write_json(folder / "made-of.json", {"files": {f"{k}.nc": about for k in range(MOST + 5)}})
    [one] = exports_of(root)
    assert (len(one.files["NetCDF"]), one.more) == (MOST, {"NetCDF": 5})


@pytest.mark.parametrize(
    "held", ["", "[]", '{"files": 3}', '{"files": {"../../x": {"result": "mean"}}}']
)
def test_a_spoiled_list_links_nothing_and_hinders_no_export(root, held):
    export_results(root, form="csv")
    (root / "export" / "csv" / "made-of.json").write_text(held)
    assert exports_of(root) == []
    export_results(root, form="csv", steps=["mean"], force=True)
    assert [one.name for one in exports_of(root)] == ["mean"]


def test_a_page_that_was_kept_forgets_files_that_were_removed(root):
    export_results(root, form="netcdf")
    write_report(root)
    for file in files_of(root):
        file.unlink()
    from soilscope.cli.report import write

    page = write(root, keep=True)
    assert page == root / "report" / "index.html"
    assert links_of(root) == []


def test_a_folder_without_a_report_or_with_an_older_page_is_left_alone(root):
    assert not link_exports(root)
    (root / "report").mkdir()
    (root / "report" / "index.html").write_text("<p>older</p>", encoding="utf-8")
    assert not link_exports(root)
    assert (root / "report" / "index.html").read_text(encoding="utf-8") == "<p>older</p>"
