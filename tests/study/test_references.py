"""What the references of a study stand for."""

import numpy as np
import pytest
import xarray as xr

from soilscope import factor_detector
from soilscope.study.references import resolve


def classes(code):
    da = xr.DataArray(np.array(code), dims="site")
    return xr.Dataset({"codes": da, "n_obtained": da.max()})


@pytest.fixture
def found():
    return {"slope": classes([0, 0, 1, 1]), "soil": classes([0, 1, 0, 1])}


def test_variables_of_one_name_are_told_apart_by_their_analyses(found):
    inputs = {"strata": ["slope.codes", "soil.codes"]}
    strata = resolve(factor_detector, inputs, results=found, open_result=found.get)["strata"]
    assert list(strata) == ["slope", "soil"]
    assert strata["soil"].values.tolist() == [0, 1, 0, 1]


def test_a_variable_gives_its_own_name_where_it_is_the_only_one(found):
    inputs = {"strata": ["slope.codes", "soil.n_obtained"]}
    strata = resolve(factor_detector, inputs, results=found, open_result=found.get)["strata"]
    assert list(strata) == ["codes", "n_obtained"]
