"""A study in a folder of Chinese name: NetCDF and CSV inputs, results, tables and page."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope.cli.main import main
from soilscope.study.store import Store

SITES = ["银川", "石嘴山", "吴忠 é"]
STUDY = """\
title: 贺兰山 & Étude
description: 土壤水分的年际变化。
roots: {数据: "原始 数据 [1]"}
inputs:
  水分:
    product: table
    paths: 数据:土壤*.nc
    dims: {depth: layer}
    depth_bounds: [[0, 0.1], [0.1, 0.4]]
    variables: {soil_moisture: 湿度}
  气象:
    product: table
    paths: 数据:气象.csv
    dims: {site: 站点, time: 日期}
    variables: {temperature: {name: 气温, units: degC}}
analyses:
  年均: {step: composite, da: soil_moisture, freq: YS, min_count: 12}
  年最低: {step: composite, da: soil_moisture, freq: YS, how: min}
  趋势一: {step: trend, da: 年均, correction: none}
  趋势二: {step: trend, da: 年最低, correction: none}
"""
MONTHS = pd.date_range("2001-01", periods=144, freq="MS")


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the study and its data; the study and the table as Windows writes them."""
    home = tmp_path_factory.mktemp("a") / "数据 贺兰山"
    data = home / "原始 数据 [1]"
    data.mkdir(parents=True)
    rng = np.random.default_rng(1)
    shape = (MONTHS.size, 2, len(SITES))
    xr.Dataset(
        {"湿度": (("time", "layer", "site"), 0.1 + 0.2 * rng.random(shape), {"units": "m3 m-3"})},
        {"time": MONTHS, "site": SITES, "layer": [1, 2]},
    ).to_netcdf(data / "土壤 水分.nc")
    rows = pd.DataFrame(
        [(site, month.strftime("%Y-%m"), 10.0 * n) for n, site in enumerate(SITES)
         for month in MONTHS],
        columns=["站点", "日期", "气温"],
    )  # fmt: skip
    rows.to_csv(data / "气象.csv", index=False, encoding="utf-8-sig", lineterminator="\r\n")
    rows.to_csv(data / "国标.csv", index=False, encoding="gb18030")
    text = STUDY.replace("\n", "\r\n").encode("utf-8-sig")
    (home / "研究.yaml").write_bytes(text)
    return home


@pytest.fixture(scope="module")
def results(home: Path) -> Path:
    """Results and report of the study, in the same folder."""
    assert main(["run", str(home / "研究.yaml"), "--results", str(home / "结果 1")]) == 0
    return home / "结果 1"


def test_names_of_sites_come_through_to_the_results(results):
    cube = Store(results).open("cube").load()
    assert list(cube.site.values) == SITES
    assert cube.temperature.isel(time=0).values.tolist() == [0.0, 10.0, 20.0]
    assert Store(results).names() == ["cube", "年均", "年最低", "趋势一", "趋势二"]


def test_the_study_in_the_results_is_the_text_that_was_run(results):
    assert (results / "study.yaml").read_bytes().decode("utf-8") == STUDY.replace("\n", "\r\n")


def test_every_table_opens_in_a_spreadsheet(results):
    tables = sorted((results / "report" / "tables").glob("*.csv"))
    assert {"trend-趋势一", "trend-趋势二"} <= {path.stem for path in tables}
    assert "site" in pd.read_csv(tables[-1], encoding="utf-8-sig")
    for path in tables:
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf"), path.name
        table = pd.read_csv(path, encoding="utf-8-sig")
        assert "site" not in table or set(table["site"]) == set(SITES)


def test_the_page_states_its_encoding_and_holds_every_letter(results):
    raw = (results / "report" / "index.html").read_bytes()
    assert b'<meta charset="utf-8">' in raw[:1024]
    page = raw.decode("utf-8")
    for text in ("贺兰山 &amp; Étude", "土壤水分的年际变化。", *SITES, "土壤 水分.nc"):
        assert text in page


def test_figures_and_tables_of_two_analyses_do_not_share_a_file(results):
    for kind in ("lines", "trend-matrix"):
        drawn = sorted((results / "report" / "figures").glob(f"{kind}-*.png"))
        assert len({path.read_bytes() for path in drawn}) == len(drawn) >= 2


def test_a_second_run_keeps_every_result(home, results, capsys):
    assert main(["run", str(home / "研究.yaml"), "--results", str(results)]) == 0
    assert capsys.readouterr().err.count("kept from an earlier run") == 5


def test_a_table_in_the_encoding_of_chinese_windows_is_read_when_that_is_stated(home, capsys):
    study = home / "国标.yaml"
    text = STUDY.replace("气象.csv", "国标.csv")
    study.write_text(text, encoding="utf-8")
    assert main(["check", str(study)]) == 2
    assert "write encoding, as in encoding: gb18030" in capsys.readouterr().err
    stated = text.replace("paths: 数据:国标.csv", "paths: 数据:国标.csv\n    encoding: gb18030")
    study.write_text(stated, encoding="utf-8")
    assert main(["check", str(study)]) == 0
    assert "temperature; 3 site" in capsys.readouterr().out
