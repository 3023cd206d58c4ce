"""Figures draw what the results hold, without overlaps and beyond no sheet."""

import io

import matplotlib as mpl
import numpy as np
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex, to_rgba

from soilscope.report.canvas import HATCH_INK, Box, hatch_lines
from soilscope.report.figures import dominant_maps
from soilscope.report.figures.catalogue import FIGURES
from soilscope.report.figures.dominant_maps import dominant_names
from soilscope.report.figures.site_map import LETTER, area_around, labels
from soilscope.report.layout import columns_for
from soilscope.report.mapping import area_of
from soilscope.report.reading import Study
from soilscope.report.style import RC, TALLEST, WIDTH, from_zero, ink_on, round_up, symmetric


def drawn(root):
    study = Study(root)
    with mpl.rc_context(RC):
        for kind in FIGURES:
            for name in study.records:
                if kind.fits(study, name):
                    for plate in kind.plates(study, name):
                        yield kind, plate, plate.draw()


@pytest.fixture(scope="module")
def grid_figures(grid_study):
    return list(drawn(grid_study))


@pytest.fixture(scope="module")
def site_figures(site_study):
    return list(drawn(site_study))


def test_a_grid_study_gets_every_kind_of_map(grid_figures):
    kinds = {kind.kind for kind, _, _ in grid_figures}
    assert kinds == {
        "study-area", "lineage", "heatmap", "state-maps", "event-maps", "onset-maps", "lines",
        "trend-matrix", "trend-profiles", "trend-maps", "coefficient-maps", "dominant-maps",
        "depth-patterns", "recovery",
    }  # fmt: skip


def test_sites_get_matrices_and_profiles(site_figures):
    kinds = {kind.kind for kind, _, _ in site_figures}
    assert kinds == {
        "site-map", "lineage", "heatmap", "state-matrix", "event-matrix", "onset-profile", "lines",
        "trend-matrix", "slope-pairs", "coefficient-matrix", "driver-profiles", "lag-profile",
        "agreement",
    }  # fmt: skip


def test_keys_are_ascii_and_unique(grid_figures, site_figures):
    for figures in (grid_figures, site_figures):
        keys = [plate.key for _, plate, _ in figures]
        assert len(keys) == len(set(keys))
        assert all(key.isascii() and key == key.lower() for key in keys)


def test_every_sheet_fits_on_a4(grid_figures, site_figures):
    for _, plate, figure in grid_figures + site_figures:
        width, height = figure.get_size_inches()
        assert width == pytest.approx(WIDTH), plate.key
        assert height < TALLEST + 0.3, plate.key


def parts(figure):
    """Boxes of all that is written on a figure, each with its text."""
    with mpl.rc_context(RC):
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        for text in figure.texts:
            yield text.get_window_extent(renderer), text.get_text()
        for ax in figure.axes:
            written = [ax.title, ax._left_title, *ax.texts]
            yield from ((t.get_window_extent(), t.get_text()) for t in written if t.get_text())
            for axis in (ax.xaxis, ax.yaxis) if ax.axison else ():
                box = axis.get_tightbbox(renderer)
                if box is not None:
                    yield box, f"axis {axis.get_label_text()}"


def words_on(figure):
    """All that is written on a figure."""
    every = [*figure.texts, *(text for ax in figure.axes for text in ax.texts)]
    return " ".join(" ".join(text.get_text() for text in every).split())


def test_no_text_leaves_its_sheet(grid_figures, site_figures):
    for _, plate, figure in grid_figures + site_figures:
        sheet = figure.bbox.padded(3)
        for box, text in parts(figure):
            assert sheet.x0 <= box.x0 <= box.x1 <= sheet.x1, (plate.key, text)
            assert sheet.y0 <= box.y0 <= box.y1 <= sheet.y1, (plate.key, text)


def test_titles_do_not_overlap(grid_figures, site_figures):
    for _, plate, figure in grid_figures + site_figures:
        titles = {ax.get_title(loc="left") or ax.get_title() for ax in figure.axes}
        boxes = [box for box, text in parts(figure) if text in titles | {plate.title}]
        for i, one in enumerate(boxes):
            assert not any(one.overlaps(other) for other in boxes[i + 1 :]), plate.key


def test_synthetic_is_printed_on_every_figure_of_synthetic_data(grid_figures, site_figures):
    for figures, expected in ((grid_figures, True), (site_figures, False)):
        for _, plate, figure in figures:
            marked = any(text.get_text() == "SYNTHETIC" for text in figure.texts)
            assert marked is expected, plate.key


def test_every_figure_has_a_source_line(grid_figures, site_figures):
    for _, plate, figure in grid_figures + site_figures:
        printed = " ".join(" ".join(text.get_text() for text in figure.texts).split())
        assert "Data: Made-up moisture. " in printed, plate.key


def test_every_index_figure_names_its_reference(grid_figures):
    for kind, plate, figure in grid_figures:
        if kind.kind in ("state-maps", "heatmap", "trend-maps", "lines"):
            printed = " ".join(text.get_text() for text in figure.texts)
            assert "pooled profile" in printed.replace("\n", " "), plate.key
            assert "pooled profile" in plate.how


def test_maps_are_images_and_never_meshes(grid_figures):
    from matplotlib.collections import QuadMesh

    for kind, plate, figure in grid_figures:
        if kind.on == "grid":
            canvas = figure.axes[0]  # the other one is the colour bar
            assert len(canvas.images) >= 4, plate.key
            assert not canvas.findobj(QuadMesh), plate.key


def test_compared_maps_share_limits_about_zero(grid_figures):
    for kind, _, figure in grid_figures:
        if kind.kind in ("trend-maps", "coefficient-maps", "state-maps"):
            limits = {image.get_clim() for ax in figure.axes for image in ax.images}
            assert len(limits) == 1
            low, high = limits.pop()
            assert low == -high


def test_depth_goes_down(site_figures):
    for kind, _, figure in site_figures:
        if kind.kind in ("slope-pairs", "driver-profiles", "onset-profile"):
            for ax in figure.axes:
                low, high = ax.get_ylim()
                assert (low, high) == (289, 0)


def test_drawing_leaves_the_results_alone(site_study):
    before = Study(site_study).data("trend").load().copy(deep=True)
    study = Study(site_study)
    for kind in FIGURES:
        if kind.fits(study, "trend"):
            for plate in kind.plates(study, "trend"):
                plate.draw()
    xr.testing.assert_identical(study.data("trend").load(), before)


def test_equal_results_give_equal_files(site_study):
    def once():
        _, _, figure = next(drawn(site_study))
        file = io.BytesIO()
        figure.savefig(file, metadata={"Software": "soilscope"})
        return file.getvalue()

    assert once() == once()


def test_limits_are_symmetric_and_clip_the_largest_of_many():
    values = np.append(np.linspace(-1, 1, 999), 50.0)
    scale = symmetric(values)
    assert scale.low == -scale.high
    assert scale.high < 1.1
    assert scale.extend == "both"
    few = symmetric(np.array([0.2, -0.31]))
    assert (few.high, few.extend) == (0.31, "neither")


def test_amounts_begin_at_zero_and_nothing_gives_a_scale():
    assert from_zero(np.array([3.0, 7.0])).low == 0
    assert symmetric(np.full(3, np.nan)).high == 1
    assert from_zero(np.full(3, np.nan)).high == 1


@pytest.mark.parametrize(("value", "up"), [(0.0312, 0.032), (7.0, 7.0), (123.4, 130.0)])
def test_limits_are_rounded_up(value, up):
    assert round_up(value) == pytest.approx(up)


def test_ink_is_read_on_its_colour():
    assert ink_on(to_rgba("#003300")) == "#ffffff"
    assert ink_on(to_rgba("#f0f0f0")) != "#ffffff"


def test_ten_layers_fill_two_rows_of_five():
    assert columns_for(10, aspect=1.27, available=6.5)[0] == 5


def test_a_map_has_its_true_shape_and_the_zones_their_edges():
    lat, lon = [60.5, 59.5], [10.0, 11.0, 12.0]
    field = xr.DataArray(
        np.ones((2, 3)), {"latitude": lat, "longitude": lon}, ("latitude", "longitude")
    )
    zone = field.copy(data=[[0, 0, 1], [0, 0, 1]])
    area = area_of(field, zone)
    assert area.extent == (9.5, 12.5, 59.0, 61.0)
    assert area.aspect == pytest.approx(2.0)  # 1 / cos 60 degrees
    assert area.outline.tolist() == [[[11.5, 61.0], [11.5, 59.0]]]  # one line, whatever the cells


def test_cells_that_are_not_estimated_are_no_driver(grid_study):
    names = dominant_names(Study(grid_study).data("drivers"))
    assert names == {-1: "none significant", 0: "precipitation", 1: "temperature", 2: "VPD"}


def test_products_with_a_common_ancestor_are_marked_where_they_agree(site_figures):
    plate, figure = next((p, f) for kind, p, f in site_figures if kind.kind == "agreement")
    printed = words_on(figure)
    assert "Not independent: product and reference share ERA5-Land" in printed
    assert "not independent" in plate.seen
    for word in ("0-7 cm", "r²", "NSE", "RMSE", "bias", "n "):
        assert word in printed


def test_circular_drivers_bear_a_dagger_in_every_figure_that_names_drivers(
    grid_figures, site_figures
):
    for kind, plate, figure in grid_figures + site_figures:
        if kind.kind in (
            "coefficient-maps", "coefficient-matrix", "driver-profiles", "dominant-maps",
        ):  # fmt: skip
            legends = [t.get_text() for one in figure.legends for t in one.get_texts()]
            heads = [t.get_text() for ax in figure.axes for t in ax.get_xticklabels()]
            printed = f"{words_on(figure)} {' '.join(legends + heads)}"
            assert "temperature†" in printed, plate.key
            assert "precipitation†" not in printed, plate.key
            assert "† circular: " in printed, plate.key
            assert "Soil moisture was made from temperature" in plate.seen, plate.key


def test_maps_hatch_cells_where_a_circular_driver_leads(grid_study):
    study = Study(grid_study)
    with mpl.rc_context(RC):
        plate = next(iter(dominant_maps.plates(study, "drivers")))
        figure = plate.draw()
    hatches = [c for c in figure.axes[0].collections if to_hex(c.get_color()[0]) == HATCH_INK]
    assert sum(len(c.get_segments()) for c in hatches) > 10
    assert [patch.get_hatch() for patch in figure.legends[0].get_patches()].count("//////") == 1


def test_hatches_cover_marked_cells_and_no_others():
    marked = np.array([[True, False], [False, False]])  # the upper left one
    lines = hatch_lines(marked, Box(1.0, 2.0, 2.0, 2.0), gap=0.1)
    assert lines[..., 0].min() >= 1.0
    assert lines[..., 0].max() <= 2.01
    assert lines[..., 1].min() >= 2.99
    assert lines[..., 1].max() <= 4.01
    np.testing.assert_allclose(np.diff(lines, axis=1)[:, 0, 0], np.diff(lines, axis=1)[:, 0, 1])
    below = hatch_lines(marked, Box(1.0, 2.0, 2.0, 2.0), gap=0.1, upward=True)
    assert below[..., 1].max() <= 3.01


def test_names_of_sites_do_not_cover_each_other():
    points = np.array([[1.0, 1.0], [1.05, 1.0], [1.0, 1.05], [3.0, 3.0]])
    placed = labels(points, ["one", "two", "three", "four"], (0.0, 4.0, 0.0, 4.0))
    boxes = [
        (x, x + len(name) * LETTER, y)
        for (x, y), name in zip(placed, ["one", "two", "three", "four"], strict=True)
    ]
    for i, (left, right, y) in enumerate(boxes):
        for other in boxes[i + 1 :]:
            assert right <= other[0] or other[1] <= left or abs(y - other[2]) >= 0.1


def test_an_area_around_sites_holds_them_with_room():
    at = np.array([[6.0, 46.0], [9.0, 46.5]])
    left, right, bottom, top = area_around(at).extent
    assert left < 6.0 < 9.0 < right
    assert bottom < 46.0 < 46.5 < top
    assert 0.45 < area_around(at).shape < 1.05
