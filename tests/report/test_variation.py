"""Statistics, QQ plots and stability in the report: what figures and tables say of the results."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from report.conftest import Folder, layers, require_inside, source
from soilscope import spatial_statistics, time_stability
from soilscope.report.fields import date_names, spaced_out
from soilscope.report.figures import field_statistics, qq_plots, stability_maps
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.tables.catalogue import all_tables


def moisture(n_time: int, freq: str = "MS") -> xr.DataArray:
    rng = np.random.default_rng(3)
    cells = rng.uniform(0.1, 0.4, (2, 8, 6))
    wave = np.sin(2 * np.pi * np.arange(n_time) / 12)[:, None, None, None]
    values = cells * (1 + 0.5 * wave) + rng.normal(0, 0.01, (n_time, 2, 8, 6))
    coords = {
        "time": pd.date_range("2020-01", periods=n_time, freq=freq),
        "latitude": 39.0 - 0.1 * np.arange(8),
        "longitude": 100.0 + 0.1 * np.arange(6),
    } | layers((0.0, 10.0, 30.0))
    dims = ("time", "depth", "latitude", "longitude")
    da = xr.DataArray(values, coords, dims, name="soil_moisture", attrs={"units": "m3 m-3"})
    return da.where((da["latitude"] < 38.95) | (da["longitude"] > 100.05))


@pytest.fixture(scope="module")
def study(tmp_path_factory) -> Study:
    folder = Folder(tmp_path_factory.mktemp("variation"))
    da = moisture(12)
    folder.add("cube", "cube", da.to_dataset(), sources=(source(synthetic=True),))
    folder.add("spread", "spatial_statistics", spatial_statistics(da), inputs={"da": "cube"},
               options={"weights": "area"})  # fmt: skip
    long = spatial_statistics(moisture(60), weights=None)
    folder.add("long", "spatial_statistics", long, inputs={"da": "cube"})
    cells = spatial_statistics(da, dim="time")
    folder.add("cells", "spatial_statistics", cells, inputs={"da": "cube"})
    folder.add("stability", "time_stability", time_stability(da), inputs={"da": "cube"},
               options={"class_bounds": [0.03, 0.08, 0.13, 0.2]})  # fmt: skip
    return Study(folder.finish(title="Variation", synthetic=True))


def plates_of(study):
    for kind, names in ((field_statistics, ("spread", "long")), (qq_plots, ("spread", "long")),
                        (stability_maps, ("stability",))):  # fmt: skip
        for name in names:
            yield from kind.plates(study, name)


def test_figures_fit_their_sheets_and_their_keys_are_unique(study):
    plates = list(plates_of(study))
    assert len({plate.key for plate in plates}) == len(plates) == 8
    for plate in plates:
        require_inside(plate)


def test_a_figure_says_the_extremes_of_its_numbers(study):
    [plate] = field_statistics.plates(study, "spread")
    ds = study.data("spread").isel(depth=0)
    wettest = date_names(ds["time"])[int(ds["mean"].argmax("time"))]
    assert f"({wettest}); the coefficient of variation" in plate.seen
    worst = float(ds["qq_correlation"].min())
    assert f"({worst:.3f})" in next(qq_plots.plates(study, "spread")).seen


def test_maps_of_classes_say_the_shares_of_the_cells(study):
    first, second = stability_maps.plates(study, "stability")
    code = study.data("stability")["stability"].isel(depth=0).values
    share = (code == 1).sum() / (code >= 0).sum()
    assert f"{100 * share:.0f} % good" in first.seen.replace("\N{NO-BREAK SPACE}", " ")
    assert second.seen.startswith("The mean rank correlation between dates is 0.")


def test_tables_hold_every_date_and_layer(study):
    tables = {table.key: table for table in all_tables(study)}
    spread, stability = tables["statistics-spread"], tables["stability-stability"]
    assert len(spread.data) == 12 * 2
    assert spread.data["part"].unique().tolist() == ["0-10 cm", "10-30 cm"]
    assert "SD" in spread.columns
    row = stability.data.iloc[0]
    assert row[["excellent", "good", "stable", "poor", "very poor"]].sum() == pytest.approx(1)
    ds = study.data("stability").isel(depth=0)
    best = ds["representativeness"].stack(cell=("latitude", "longitude"))
    lat, lon = best["cell"].values[int(best.argmin("cell"))]
    assert row["place"] == f"{lat:.9g}, {lon:.9g}"
    assert "statistics-cells" not in tables  # a map is no table


def test_the_methods_name_statistics_and_stability(study):
    text = methods_paragraph(study)
    assert "Cells were described date by date, weighted by area" in text
    assert "doi:10.2136/sssaj1985.03615995004900040006x" in text


def test_dates_are_written_as_short_as_they_can_be():
    assert date_names(moisture(2)["time"]) == ["2020-01", "2020-02"]
    assert date_names(moisture(2, "D")["time"]) == ["2020-01-01", "2020-01-02"]
    assert date_names(xr.DataArray([1, 2], dims="time")) == ["1", "2"]
    assert spaced_out(3, 12) == [0, 1, 2]
