"""Factors of a detector as a study names them: of other dates, of one map, of one layer."""

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from soilscope import factor_detector, optimize_strata, pooled_agreement
from soilscope.errors import StudyError
from soilscope.study.references import resolve

MONTHS = pd.date_range("2020-05", periods=3, freq="MS")
CELLS = {"y": np.arange(4) * -1000.0, "x": np.arange(5) * 1000.0}
FLAGS = {"flag_values": [1, 2], "flag_meanings": "grass crop"}


def field(time=None, *, seed=0):
    sizes = (len(time), 4, 5) if time is not None else (4, 5)
    values = np.random.default_rng(seed).normal(size=sizes)
    coords = CELLS | ({} if time is None else {"time": time})
    return xr.DataArray(values, coords, ("time", "y", "x") if time is not None else ("y", "x"))


def opened(parameter, references, *, step=factor_detector, **results):
    """Resolve factors beside the monthly response `sm`."""
    held = {name: obj.to_dataset(name="value") for name, obj in results.items()}
    held["sm"] = field(MONTHS, seed=9).to_dataset(name="soil_moisture")
    inputs = {"y": "sm", parameter: references}
    return resolve(step, inputs, results=held, open_result=held.__getitem__)[parameter]


def test_one_map_of_classes_holds_for_all_dates():
    first = pd.DatetimeIndex(["2020-01-01"])
    cover = xr.where(field(first) > 0, 1, 2).astype("i2").assign_attrs(FLAGS)
    found = opened("strata", ["cover.value"], cover=cover)["value"]
    assert found.dims == ("y", "x")
    assert found.dtype == np.int16
    np.testing.assert_array_equal(found, cover.isel(time=0))


def test_a_factor_with_other_dates_gives_those_of_the_response():
    rain = field(pd.date_range("2020-03", periods=4, freq="MS"), seed=1)  # March to June
    found = opened("factors", ["rain"], step=optimize_strata, rain=rain)["rain"]
    assert found.indexes["time"].equals(MONTHS)
    np.testing.assert_array_equal(found.isel(time=[0, 1]), rain.isel(time=[2, 3]))
    assert np.isnan(found.isel(time=2)).all()


def test_classes_of_lacking_dates_are_missing_whole_numbers():
    classes = xr.where(field(MONTHS[:2]) > 0, 1, 0).astype("i2").assign_attrs(FLAGS)
    found = opened("strata", "classes.value", classes=classes)["value"]
    assert found.dtype == np.int16
    assert (found.isel(time=2) == -1).all()


def test_a_single_layer_is_its_values():
    soil = field(seed=2).expand_dims(depth=[0.025])
    found = opened("factors", ["soil"], step=optimize_strata, soil=soil)["soil"]
    np.testing.assert_array_equal(found, soil.isel(depth=0))


def test_layers_of_the_reference_are_dropped_where_the_product_has_none():
    layered = field(MONTHS).expand_dims(depth=[0.05])
    held = {
        "sm": field(MONTHS).to_dataset(name="soil_moisture"),
        "smci": layered.to_dataset(name="soil_moisture"),
    }
    inputs = {"product": "sm", "reference": "smci"}
    got = resolve(pooled_agreement, inputs, results=held, open_result=held.__getitem__)
    assert got["reference"].dims == ("time", "y", "x")
    inputs = {"product": "smci", "reference": "sm"}
    got = resolve(pooled_agreement, inputs, results=held, open_result=held.__getitem__)
    assert got["product"].sizes["depth"] == 1


@pytest.fixture
def chosen():
    """Classes of two factors, of which the response was made from one."""
    y = field(seed=9).assign_attrs(lineage='["MODIS NDVI"]')
    factors = {
        "ndvi": field(seed=3).assign_attrs(lineage='["MODIS NDVI"]'),
        "rain": field(seed=4).assign_attrs(lineage='["CHIRPS"]'),
    }
    with pytest.warns(UserWarning, match="made from factors"):
        return y, optimize_strata(y, factors, n_classes=[3])


def test_chosen_classes_stand_beside_others_and_keep_their_marks(chosen):
    y, best = chosen
    held = {"best": best, "sm": y.to_dataset(name="soil_moisture")}
    held["aspect"] = xr.Dataset(
        {"codes": best.codes.isel(factor=0, drop=True), "n_obs": best.n_obs}
    )
    inputs = {"y": "sm", "strata": ["best", "aspect"]}
    got = resolve(factor_detector, inputs, results=held, open_result=held.__getitem__)
    assert list(got["strata"]) == ["ndvi", "rain", "aspect"]
    with pytest.warns(UserWarning, match="made from factors"):
        found = factor_detector(got["y"], got["strata"], p="none")
    assert found.circular.values.tolist()[:2] == [1, 0]
    np.testing.assert_allclose(found.q[:2], best.q.max(["method", "n_classes"]), rtol=1e-12)


def test_two_factors_of_one_name_are_refused(chosen):
    y, best = chosen
    held = {"best": best, "sm": y.to_dataset(name="soil_moisture")}
    held["rain"] = field(seed=4).to_dataset(name="rain")
    inputs = {"y": "sm", "strata": ["best", "rain"]}
    with pytest.raises(StudyError, match="two factors are named 'rain'"):
        resolve(factor_detector, inputs, results=held, open_result=held.__getitem__)
