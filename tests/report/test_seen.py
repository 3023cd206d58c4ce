"""Sentences say what stands in the numbers."""

import numpy as np
import pytest

from soilscope.report.seen import (
    extremes,
    largest_of_drivers,
    leaders,
    most_frequent,
    runs,
    said_runs,
    span,
    typical_cells,
)
from soilscope.report.trends import At, TrendWords
from soilscope.report.words import MINUS

LAYERS = ["0-10 cm", "10-20 cm", "20-30 cm"]


def test_neighbouring_layers_with_one_word_are_joined():
    assert runs(["a", "a", "b"], LAYERS) == [("a", "0-10 to 10-20 cm"), ("b", "20-30 cm")]
    assert runs(["a", "b", "a"], LAYERS)[2] == ("a", "20-30 cm")
    assert said_runs(["dry"], [""]) == "dry"
    assert span(LAYERS) == "0-10 to 20-30 cm"


def test_the_median_cell_is_named_with_its_layers():
    values = np.array([[-0.7, -0.5, np.nan, -0.6], [0.1, 0.2, 0.3, 0.2], [1.0, 0.8, 0.9, 0.9]])
    assert typical_cells(values, LAYERS, "mean index", "1") == (
        f"The mean index of the median cell is lowest at 0-10 cm ({MINUS}0.60) and "
        "highest at 20-30 cm "
        "(0.90)."
    )
    assert typical_cells(np.full((3, 4), np.nan), LAYERS, "slope", None).startswith("No cell")
    one = typical_cells(np.arange(11.0)[None], [""], "slope", "year-1")
    assert (
        one
        == "The slope of the median cell is 5.0 year⁻¹; 80 % of the cells lie between 1.0 and 9.0."
    )


def test_extremes_are_found_with_their_place():
    text = extremes(
        np.array([[1.0, 2.0], [5.0, np.nan]]), ["A", "B"], LAYERS[:2], "duration", "month"
    )
    assert text == (
        "The duration is lowest in A at 0-10 cm (1.0 month) and highest in B at 0-10 cm "
        "(5.0 month)."
    )
    assert "throughout" in extremes(np.ones((2, 2)), ["A", "B"], LAYERS[:2], "duration")


def test_the_driver_that_leads_is_named_by_depth():
    coefficient = np.array([[0.5, 0.4, 0.1], [-0.2, -0.3, -0.6]])[..., None].repeat(4, axis=2)
    assert leaders(coefficient, ["rain", "VPD"], LAYERS) == (
        "Largest coefficient of the median cell: rain (0.40 to 0.50) at 0-10 to 10-20 cm and "
        f"VPD ({MINUS}0.60) at 20-30 cm."
    )
    places = coefficient[..., 0].T[None]
    assert largest_of_drivers(places, ["A"], LAYERS, ["rain", "VPD"]) == (
        f"The largest coefficient is that of VPD in A at 20-30 cm ({MINUS}0.60); rain "
        "leads in 2 of 3 series."
    )
    nothing = np.full((1, 3, 2), np.nan)
    assert largest_of_drivers(nothing, ["A"], LAYERS, ["rain", "VPD"]).startswith("No coefficient")


def test_the_most_frequent_class_has_its_share_and_unknown_cells_do_not_count():
    codes = np.array([[0, 0, 0, 1, -99], [0, 0, 1, 0, -99], [1, 1, 1, 1, -99]])
    assert most_frequent(codes, {0: "rain", 1: "VPD"}, LAYERS) == (
        "Most frequent: rain (75 % of the cells) at 0-10 to 10-20 cm and VPD (100 % of "
        "the cells) at "
        "20-30 cm."
    )


def at(slope, verdict, p=0.01):
    return At(slope, 0.0, slope - 0.1, slope + 0.1, p, None, None, 21, "ok", verdict)


def test_trends_are_counted_and_the_steepest_firm_one_has_its_interval():
    words = TrendWords(
        ((at(0.2, "significant wetting"), at(-0.9, "not significant", 0.3)),
         (at(-0.3, "significant drying"), at(0.1, "significant wetting"))),
        corrected=False,
    )  # fmt: skip
    assert words.seen(["A", "B"], LAYERS[:2], "year-1", "95 %") == (
        "2 of 4 series rise significantly and 1 falls; the steepest is B at 0-10 cm with "
        f"{MINUS}0.30 year⁻¹ (95 % interval {MINUS}0.40 to {MINUS}0.20, p = 0.010)."
    )
    assert words.by_depth(["A", "B"], LAYERS[:2]).startswith(
        "A: significant wetting at 0-10 cm and not significant at 10-20 cm (slopes "
        f"{MINUS}0.90 to 0.20); B"
    )


def test_no_firm_trend_is_said_so():
    words = TrendWords(((at(0.2, "not significant"),),), corrected=False)
    assert words.seen(["A"], [""], None, "95 %").startswith(
        "None of 1 series has a significant trend; the steepest is A with 0.20 (95 % interval"
    )


@pytest.mark.parametrize("shape", [(3, 4), (3, 2, 2)])
def test_cells_may_lie_on_any_dimensions(shape):
    values = np.arange(12.0).reshape(shape)
    assert "lowest at 0-10 cm (1.5)" in typical_cells(values, LAYERS, "count", None)
