"""Numbers and verdicts read as intended."""

import numpy as np
import pytest
import xarray as xr

from soilscope.report.drivers import driver_name
from soilscope.report.events import measure_label, measure_units
from soilscope.report.words import (
    MINUS,
    decimals,
    file_stem,
    layer_names,
    listed,
    number,
    p_equals,
    p_text,
    unit_text,
    verdict,
    with_unit,
)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (-0.012629, f"{MINUS}0.0126"),
        (0.09996, "0.100"),
        (1234.5, "1234"),
        (-9.89e-06, f"{MINUS}9.89\N{MULTIPLICATION SIGN}10⁻⁶"),
        (np.nan, "\N{EN DASH}"),
    ],
)
def test_a_number_has_three_significant_digits_and_a_true_minus(value, text):
    assert number(value) == text


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (0.0382512, "0.038"),
        (0.000473, "0.0005"),
        (1e-9, "< 0.0001"),
        (1.0, "1.00"),
        (0.05, "0.050"),
    ],
)
def test_p_values_keep_what_matters(p, text):
    assert p_text(p) == text


def test_p_in_a_sentence_has_a_relation():
    assert (p_equals(0.2), p_equals(1e-8)) == ("p = 0.200", "p < 0.0001")


def test_decimals_are_fixed_and_nothing_stands_for_nan():
    assert (decimals(-0.071, 2), decimals(np.nan, 2)) == (f"{MINUS}0.07", "")


def test_units_are_raised():
    assert unit_text("m3 m-3 year-1") == "m³ m⁻³ year⁻¹"
    assert with_unit("slope", "1") == "slope"


def test_layers_are_named_by_their_edges_in_centimetres():
    bounds = np.array([[0, 0.07], [0.07, 0.28], [1.0, 2.89]])
    assert layer_names(bounds) == ["0-7 cm", "7-28 cm", "100-289 cm"]


def test_a_file_stem_keeps_letters_of_any_script_and_nothing_that_a_shell_minds():
    assert file_stem("Trend", "银川 A_b/:*", "ü1") == "trend-银川-a-b-ü1"


def test_long_lists_are_cut():
    assert listed(["a", "b"]) == "a and b"
    assert listed([str(k) for k in range(20)], most=3) == "0, 1, 2 and 17 more"


SAID = [
    ({"p": 0.01, "p_uncorrected": 0.001, "p_adjusted": 0.02}, "significant decrease"),
    ({"p": 0.01, "p_uncorrected": 0.001, "p_adjusted": 0.2}, "not significant after FDR"),
    ({"p": 0.08, "p_uncorrected": 0.04, "p_adjusted": 0.4}, "not robust to serial correlation"),
    ({"p": 0.3, "p_uncorrected": 0.2, "p_adjusted": None}, "not significant"),
    (
        {"p": 0.01, "p_uncorrected": None, "p_adjusted": None},
        "decrease, serial correlation not examined",
    ),
    (
        {"p": 0.01, "p_uncorrected": 0.01, "p_adjusted": None, "doubted_by": "other"},
        "not robust: not significant in 'other'",
    ),
]


@pytest.mark.parametrize(("ps", "said"), SAID)
def test_significance_is_claimed_only_after_every_correction(ps, said):
    assert verdict(-0.01, **ps) == said


def test_a_status_is_said_in_words():
    said = verdict(
        -0.03, p=np.nan, p_uncorrected=0.0005, p_adjusted=None, status="negative_variance"
    )
    assert said == "no test: the correction leaves no positive variance"


def test_flags_are_read_in_words():
    from soilscope.report.words import flags

    code = xr.DataArray(1, attrs={"flag_values": [0, 1], "flag_meanings": "none very_strong"})
    assert flags(code) == {0: "none", 1: "very strong"}


def test_missing_estimates_are_counted_with_their_reason():
    from soilscope.labelled import label
    from soilscope.report.words import without_estimate

    status = label(xr.Dataset({"status": ("site", np.array([0, 1, 4, 4], np.int8))}))["status"]
    assert without_estimate(status) == "No estimate: drivers are collinear (2 series)."
    assert without_estimate(status[:2]) == ""


def test_abbreviations_keep_their_capitals_inside_of_a_name():
    assert driver_name("lst_day") == "LST day"
    assert driver_name("soil_moisture_smci") == "soil moisture SMCI"
    assert driver_name("saturated_conductivity") == "saturated conductivity"


def test_measures_of_events_have_units_that_a_sentence_can_hold():
    months = xr.DataArray(2.0, attrs={"units": "month"})
    ds = xr.Dataset({"mean_duration": months, "mean_severity": months, "n_events": 3})
    assert measure_units(ds, "mean_duration") == "months"
    assert measure_units(ds, "mean_severity") == "index \u00d7 months"
    assert measure_units(ds, "n_events") is None
    assert measure_label(ds, "mean_severity") == "mean severity (index \u00d7 months)"
