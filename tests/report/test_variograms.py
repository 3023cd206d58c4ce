"""Semivariograms in the report: figures, tables and sentences say what the results hold."""

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from report.conftest import Folder, require_inside, source
from soilscope import fit_variogram, variogram, variogram_map
from soilscope.report.figures import lag_maps, variogram_panels
from soilscope.report.lag_directions import by_direction
from soilscope.report.page import write_report
from soilscope.report.prose import methods_paragraph
from soilscope.report.reading import Study
from soilscope.report.style import RC
from soilscope.report.tables.catalogue import all_tables
from soilscope.report.variogram_findings import ranges_found
from soilscope.report.variogram_words import dependence, squared
from soilscope.report.variograms import panels_of

KM = 1000.0
LAG = np.arange(1.0, 21.0)  # km
#: month -> (nugget, sill, range in km) of an exact spherical model; the last is beyond the data.
PLANTED = {"2020-05": (1.2, 4.0, 8.0), "2020-06": (0.5, 5.0, 15.0), "2020-08": (2.0, 4.0, 30.0)}


def spherical(nugget, sill, reach, lag=LAG):
    u = np.minimum(lag / reach, 1)
    return nugget + (sill - nugget) * (1.5 * u - 0.5 * u**3)


def planted(**dims) -> xr.Dataset:
    """Semivariograms of four months, the third without data, on `lag`."""
    columns = [spherical(*PLANTED[m]) if m in PLANTED else np.full(20, np.nan)
               for m in ("2020-05", "2020-06", "2020-07", "2020-08")]  # fmt: skip
    gamma = 1e-4 * np.stack(columns, axis=1)
    n = np.where(np.isfinite(gamma), 100 * LAG[:, None], 0).astype(int)
    units = {"units": "m3 m-3 m3 m-3"}
    ds = xr.Dataset(
        {"semivariance": (("lag", "time"), gamma, units), "n_pairs": (("lag", "time"), n),
         "distance": (("lag", "time"), np.where(n, KM * LAG[:, None], np.nan)),
         "n_obs": ("time", [50, 50, 0, 50]),
         "status": ("time", np.array([0, 0, 1, 0], np.int8),
                    {"flag_values": [0, 1], "flag_meanings": "ok no_data"})},
        {"time": pd.date_range("2020-05", periods=4, freq="MS"), "lag": KM * LAG,
         "lag_low": ("lag", KM * (LAG - 0.5)), "lag_high": ("lag", KM * (LAG + 0.5))},
        attrs={"options": '{"lag_width": 1000, "max_lag": 20500, "estimator": "matheron", '
                          '"azimuths": null, "tolerance": 22.5, "detrend": "none"}',
               "references": "Matheron (1963) doi:10.2113/gsecongeo.58.8.1246"},
    )  # fmt: skip
    return ds.expand_dims(dims) if dims else ds


def field() -> xr.DataArray:
    """A map whose values differ to the north-east alone, in two months and two layers."""
    metres = {"units": "m"}
    axes = {"y": ("y", KM * np.arange(24)[::-1], metres), "x": ("x", KM * np.arange(20), metres)}
    across = (axes["y"][1][:, None] + axes["x"][1][None, :]) / KM
    values = np.random.default_rng(0).normal(0, 0.001, (2, 2, 24, 20)) + 0.02 * np.sin(across / 5)
    values[1] *= 3
    dims = ("time", "depth", "y", "x")
    coords = {"time": pd.date_range("2020-01", periods=2, freq="MS"), "depth": [0.05, 0.2], **axes}
    return xr.DataArray(values, coords, dims, attrs={"units": "m3 m-3"})


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    folder = Folder(tmp_path_factory.mktemp("variograms"))
    da = field()
    folder.add("cube", "cube", da.to_dataset(name="soil_moisture"), sources=(source(),))
    points = planted()
    folder.add("points", "variogram", points, inputs={"field": "soil_moisture"})
    models = fit_variogram(points, models=["spherical", "linear"])
    models = models.assign_coords(model=models["model"].astype(object))
    folder.add("models", "fit_variogram", models, inputs={"vg": "points"})
    ways = variogram(da, lag_width=2 * KM, max_lag=10 * KM, azimuths=[0, 45, 90, 135])
    folder.add("ways", "variogram", ways, inputs={"field": "soil_moisture"})
    lags = variogram_map(da, max_lag=8 * KM)
    folder.add("lag_map", "variogram_map", lags, inputs={"field": "soil_moisture"})
    return folder.finish(title="Semivariograms")


@pytest.fixture(scope="module")
def study(root):
    return Study(root)


@pytest.fixture(scope="module")
def tables(study):
    return {table.key: table for table in all_tables(study) if table.theme == "variogram"}


def plates_of(study):
    for kind, names in ((variogram_panels, ("points", "models", "ways")), (lag_maps, ("lag_map",))):
        for name in names:
            yield from kind.plates(study, name)


def test_a_figure_for_each_layer_and_none_for_points_whose_models_are_drawn(study):
    keys = [plate.key for plate in plates_of(study)]
    assert keys == ["variograms-models", "variograms-ways", "variograms-ways-2",
                    "lag-maps-lag-map", "lag-maps-lag-map-2"]  # fmt: skip


def test_figures_fit_their_sheets_and_no_text_leaves_them(study):
    for plate in plates_of(study):
        require_inside(plate)


def test_panels_draw_points_curve_and_range_of_their_month(study):
    [plate] = variogram_panels.plates(study, "models")
    with mpl.rc_context(RC):
        panels = [ax for ax in plate.draw().axes if ax.get_title(loc="left")]
    assert [ax.get_title(loc="left") for ax in panels] == list(PLANTED)  # the empty month has none
    for ax, (nugget, sill, reach) in zip(panels, PLANTED.values(), strict=True):
        x, y = ax.collections[0].get_offsets().T  # in km, and in 10^-6
        np.testing.assert_allclose(x, LAG)
        np.testing.assert_allclose(y, 100 * spherical(nugget, sill, reach), rtol=1e-9)
        sizes = ax.collections[0].get_sizes()
        assert (np.diff(sizes) > 0).all()  # farther classes have more pairs
        curve = ax.lines[0]
        at = np.interp(10.0, curve.get_xdata(), curve.get_ydata())
        assert at == pytest.approx(100 * spherical(nugget, sill, reach, 10.0), rel=1e-2)
        [said] = [t.get_text() for t in ax.texts]
        if reach > LAG[-1]:
            assert len(ax.collections) == 1
            assert said == "spherical, 30 km (beyond)"
        else:
            [dashes] = ax.collections[1].get_segments()
            np.testing.assert_allclose(dashes[:, 0], reach, rtol=1e-5)
            assert said == f"spherical, {reach:.0f}{'.0' if reach < 10 else ''} km"


def test_months_of_unlike_size_have_axes_of_their_own(study):
    one, other = (plate.draw() for plate in variogram_panels.plates(study, "ways"))
    for figure in (one, other):  # the second month is nine times the first
        low, high = (ax.get_ylim()[1] for ax in figure.axes if ax.get_title(loc="left"))
        assert 7 < high / low < 11
    [plate] = variogram_panels.plates(study, "models")
    tops = {ax.get_ylim()[1] for ax in plate.draw().axes if ax.get_title(loc="left")}
    assert len(tops) == 1


def test_the_caption_gives_ranges_within_the_data_and_counts_those_beyond(study):
    [plate] = variogram_panels.plates(study, "models")
    assert plate.seen == (
        "The effective range goes from 8.0 km (2020-05) to 15 km (2020-06); 1 of 3 ranges lies "
        "beyond the data; the nugget is 10 to 50 % of the sill. At 10.5 km to 11.5 km the "
        "semivariance is lowest in 2020-08 (0.00031) and highest in 2020-06 (0.00046 (m³ m⁻³)²)."
    )
    assert "classes of 1 km to 20.5 km" in plate.how
    assert plate.alt.startswith("Semivariograms, 3 panels")


def test_the_finding_says_the_ranges_of_the_models(study):
    [(name, text)] = ranges_found(study)
    assert name == "models"
    assert "from 8.0 km (2020-05) to 15 km (2020-06)" in text
    assert "the nugget is 10 to 50 % of the sill." in text


def test_intervals_of_ranges_stand_beside_them_where_tiles_were_resampled(tmp_path, tables):
    fits = fit_variogram(planted(), models=["spherical"])
    for name in ("effective_range", "nugget", "sill", "structural_proportion"):
        fits[f"{name}_low"], fits[f"{name}_high"] = 0.8 * fits[name], 1.5 * fits[name]
    fits["effective_range_high"][{"time": 1}] = np.inf  # resamples that found no end
    folder = Folder(tmp_path)
    fits = fits.assign_coords(model=fits["model"].astype(object))
    tiles = planted()["semivariance"].expand_dims(tile=4)
    points = planted().assign(tile_semivariance=tiles)
    folder.add("points", "variogram", points, inputs={"field": "soil_moisture"})
    folder.add("models", "fit_variogram", fits, inputs={"vg": "points"})
    made = {t.key: t for t in all_tables(Study(folder.finish(title="Ranges")))}
    assert len(made["semivariances-points"].data) == 3  # months with data, and no tiles
    table = made["variograms-models"]
    assert list(table.data["interval"]) == ["6.40 to 12.0", "above 12.0", "", "24.0 to 45.0"]
    assert "95 % interval, km" in table.columns
    assert "90 to 97 of 100" in table.note
    assert {"nugget_low", "sill_high"} <= set(table.data)
    assert "95 % interval, km" not in tables["variograms-models"].columns


def test_table_3_holds_what_was_fitted(study, tables):
    table = tables["variograms-models"]
    fits = study.data("models").sel(model="spherical")
    rows = table.data.set_index("date")
    for month, (nugget, sill, reach) in PLANTED.items():
        row = rows.loc[month]
        assert row["model"] == "spherical"
        assert row["nugget"] == pytest.approx(1e-4 * nugget, rel=1e-4)
        assert row["sill"] == pytest.approx(1e-4 * sill, rel=1e-4)
        assert row["structural_proportion"] == pytest.approx(1 - nugget / sill, rel=1e-4)
        assert row["nugget_ratio"] == pytest.approx(nugget / sill, rel=1e-4)
        assert row["effective_range"] == pytest.approx(KM * reach, rel=1e-4)
        for name in ("r_squared", "rss"):
            assert row[name] == float(fits[name].sel(time=month).squeeze())
        assert row["rss_linear"] > row["rss_spherical"] == row["rss"]
    assert rows.loc["2020-07", "note"] == "no data"
    assert rows["note"].tolist() == ["", "", "no data", "beyond"]
    assert rows["dependence"].tolist() == ["moderate", "strong", "", "moderate"]


def test_the_page_divides_by_a_power_that_it_names_and_says_whose_column_is_which(tables):
    table = tables["variograms-models"]
    assert table.note.startswith("Nugget and sill in 10⁻⁶ (m³ m⁻³)² (in the CSV: (m³ m⁻³)²).")
    first = dict(zip(table.columns, next(table.rows()), strict=True))
    assert first["nugget"] == "120"
    assert first["sill"] == "400"
    assert first["structural proportion"] == "70 %"
    assert first["nugget ratio"] == "30 %"
    assert first["range, km"] == "8.00"
    assert "prints the structural proportion under the name nugget coefficient" in table.note
    assert round((0.00173 - 0.00103) / 0.00173, 3) == 0.405  # what that table prints
    assert "0.00103) / 0.00173 = 40.5 %" in table.note


def test_points_stand_behind_the_models_with_their_pairs_in_the_csv(study, tables):
    table = tables["semivariances-points"]
    may = study.data("points").sel(time="2020-05").squeeze()
    row = table.data.set_index("date").loc["2020-05"]
    for k, name in ((0, "0.5-1.5 km"), (10, "10.5-11.5 km")):
        assert row[name] == float(may["semivariance"][k])
        assert row[f"pairs, {name}"] == int(may["n_pairs"][k])
    assert table.data["date"].tolist() == list(PLANTED)
    assert len(table.columns) == 1 + 8  # the others are in the CSV alone
    assert table.columns[-1] == "19.5-20.5 km"
    ways = tables["semivariances-ways"].data
    assert ways["direction"].tolist() == ["0°", "45°", "90°", "135°"] * 4
    assert list(tables) == ["variograms-models", "semivariances-points", "semivariances-ways",
                            "directions-lag-map"]  # fmt: skip


def test_directions_of_a_map_are_those_of_its_field(study, tables):
    first = next(lag_maps.plates(study, "lag_map"))
    assert "along NE-SW is" in first.seen
    assert "times that along SE-NW" in first.seen
    rows = tables["directions-lag-map"].data
    one = study.data("lag_map").isel(time=1, depth=0).load()
    found = by_direction(one)
    row = rows[rows["date"] == "2020-02, 5 cm"].iloc[0]
    assert {k: row[k] for k in found} == found
    assert row["contrast"] == pytest.approx(max(found.values()) / min(found.values()))
    # from the definition: cells that are k rows and k columns apart, along the diagonal
    da = field().isel(time=1, depth=0).values
    upward = da[::-1]  # rows to the north
    step = np.mean((upward[3:, 3:] - upward[:-3, :-3]) ** 2) / 2
    assert float(one["semivariance"].sel(lag_north=3 * KM, lag_east=3 * KM)) == pytest.approx(step)


def test_a_map_is_drawn_with_the_north_at_the_top(study):
    first = next(lag_maps.plates(study, "lag_map"))
    with mpl.rc_context(RC):
        images = first.draw().axes[0].images
    one = study.data("lag_map")["semivariance"].isel(time=0, depth=0).load()
    drawn = np.asarray(images[0].get_array().filled(np.nan))
    rows = drawn if images[0].origin == "upper" else drawn[::-1]
    scale = np.nanmax(one) / np.nanmax(rows)
    expected = one.transpose("lag_north", "lag_east").values[::-1]
    np.testing.assert_allclose(scale * rows, expected, rtol=1e-6)


def test_a_bound_of_the_search_is_no_range(tmp_path):
    folder = Folder(tmp_path)
    folder.add("cube", "cube", field().to_dataset(name="soil_moisture"), sources=(source(),))
    points = planted().isel(time=[1])
    models = fit_variogram(points, models=["gaussian"], max_range=5 * KM)
    models = models.assign_coords(model=models["model"].astype(object))
    folder.add("points", "variogram", points, inputs={"field": "soil_moisture"})
    folder.add("models", "fit_variogram", models, inputs={"vg": "points"})
    study = Study(folder.finish(title="Bound"))
    [panel] = panels_of(study, "models")
    assert int(models["range_at_bound"].squeeze()) == 1
    assert not np.isfinite(panel.series[0].fit.range)
    [plate] = variogram_panels.plates(study, "models")
    assert plate.seen.startswith("No range is in the data")
    [table] = [t for t in all_tables(study) if t.key == "variograms-models"]
    assert table.data["note"].tolist() == ["no range: the search ended at its bound"]
    assert table.data["dependence"].tolist() == [""]


def test_other_models_of_the_same_points_share_their_table_and_empty_fields_are_told(tmp_path):
    folder = Folder(tmp_path)
    folder.add("cube", "cube", field().to_dataset(name="soil_moisture"), sources=(source(),))
    for name, points in (("points", planted()), ("empty", planted().isel(time=[2]))):
        folder.add(name, "variogram", points, inputs={"field": "soil_moisture"})
        for key, style in (("first", "gstat"), ("second", "gs+")):
            models = fit_variogram(points, style=style)
            models = models.assign_coords(model=models["model"].astype(object))
            folder.add(f"{name}_{key}", "fit_variogram", models, inputs={"vg": name})
    study = Study(folder.finish(title="Two styles"))
    keys = [table.key for table in all_tables(study)]
    assert keys.count("semivariances-points") == 1
    assert "semivariances-empty" not in keys
    assert not list(variogram_panels.plates(study, "empty_first"))
    [table] = [t for t in all_tables(study) if t.key == "variograms-empty-first"]
    assert table.data["note"].tolist() == ["no data"]


def test_the_methods_name_classes_models_and_works(study):
    text = methods_paragraph(study)
    assert "in classes of 1 km to 20.5 km (doi:10.2113/gsecongeo.58.8.1246)" in text
    assert "best of the models spherical and linear with equal weights" in text
    assert "in the directions 0°, 45°, 90° and 135° (± 22.5°)" in text
    assert "doi:10.1137/0710036" in text


def test_the_page_has_the_theme_with_anchors_and_csv_beside_the_figure(root):
    page = write_report(root)
    text = page.read_text(encoding="utf-8")
    assert '<section id="variogram"' in text
    figure = text.split('<figure id="variograms-models"')[1].split("</figure>")[0]
    assert 'href="tables/variograms-models.csv"' in figure
    assert 'href="#variograms-models"' in text.split('id="findings"')[1].split("</section>")[0]
    data = pd.read_csv(page.parent / "tables" / "variograms-models.csv", encoding="utf-8-sig")
    assert data["effective_range"].iloc[0] == pytest.approx(8000, rel=1e-4)


def test_units_and_classes_are_words():
    assert squared("m3 m-3 m3 m-3") == "(m³ m⁻³)²"
    assert squared("% %") == "%²"
    assert squared("1") == squared(None) == ""
    assert [dependence(r) for r in (0.1, 0.25, 0.75, 0.8, np.nan)] == [
        "strong", "moderate", "moderate", "weak", "",
    ]  # fmt: skip
