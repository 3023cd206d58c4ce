"""What every step owes its users, tested once for all of them."""

import numpy as np
import pytest
import xarray as xr

from contract.examples import EXAMPLES
from soilscope.labelled import spatial_dims
from soilscope.names import STATUS, describe
from soilscope.study.steps import STEPS

CELLWISE = sorted(
    name
    for name, example in EXAMPLES.items()
    if not STEPS[example.step].whole(example.options | example.make())
    and STEPS[example.step].along == "space"
)

#: What steps say of a variable in words of their own, or of the data.
OWN_WORDS = {
    ("soil_moisture", "soil moisture"),
    ("mean", "mean standardised soil moisture index"),
    ("deficit_share", "share of times in deficit (index below zero)"),
    ("lag1_autocorrelation", "lag-1 autocorrelation of the series without its step"),
    ("r", "correlation with the truth"),
}


def as_dataset(result):
    return result.to_dataset(name=result.name) if isinstance(result, xr.DataArray) else result


def run(name, inputs):
    example = EXAMPLES[name]
    return as_dataset(STEPS[example.step].run(**inputs, **example.options))


def lazily(inputs, **chunks):
    return {
        key: obj.chunk({dim: n for dim, n in chunks.items() if dim in obj.dims} or {})
        for key, obj in inputs.items()
    }


def same(left, right):
    xr.testing.assert_allclose(left, right, rtol=1e-9, atol=1e-12)
    assert {v: left[v].dtype for v in left} == {v: right[v].dtype for v in right}


def test_every_step_has_an_example():
    assert {example.step for example in EXAMPLES.values()} == set(STEPS)


@pytest.mark.parametrize("name", EXAMPLES)
def test_dask_gives_the_numpy_answer_and_stays_lazy(name):
    inputs = EXAMPLES[name].make()
    lazy = run(name, lazily(inputs, time=-1, depth=1, y=-1, x=2))
    assert all(v.chunks is not None for v in lazy.data_vars.values())
    same(lazy.compute(), run(name, inputs))


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_order_of_dimensions_does_not_matter(name):
    inputs = EXAMPLES[name].make()
    turned = {key: obj.transpose(*reversed(list(obj.dims))) for key, obj in inputs.items()}
    expected = run(name, inputs)
    result = run(name, turned)
    for variable in expected:
        xr.testing.assert_allclose(
            result[variable].transpose(*expected[variable].dims),
            expected[variable],
            rtol=1e-9,
            atol=1e-12,
        )


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_input_is_left_alone(name):
    inputs = EXAMPLES[name].make()
    before = {key: obj.copy(deep=True) for key, obj in inputs.items()}
    run(name, inputs)
    for key, obj in inputs.items():
        xr.testing.assert_identical(obj, before[key])


@pytest.mark.parametrize("name", CELLWISE)
def test_an_empty_cell_stays_empty_and_leaves_the_others_alone(name):
    inputs = EXAMPLES[name].make()
    expected = run(name, inputs)
    first = next(iter(inputs))
    emptied = dict(inputs)
    emptied[first] = inputs[first].where(inputs[first].x > inputs[first].x[0])
    result = run(name, emptied)
    same(result.isel(x=slice(1, None)), expected.isel(x=slice(1, None)))
    for variable in result:
        if (
            "x" in result[variable].dims
            and result[variable].dtype.kind == "f"
            and variable not in {"n_events"}
        ):
            assert np.isnan(result[variable].isel(x=0)).all(), variable
    # beside an index made from stored parameters stands the status of its reference
    if "stored" not in name and "status" in result and "x" in result.status.dims:
        assert (result.status.isel(x=0) == STATUS.index("no_data")).all()


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_variable_says_what_it_is_and_in_which_units(name):
    result = run(name, EXAMPLES[name].make())
    for variable, da in result.data_vars.items():
        assert da.attrs.get("long_name"), variable
        if da.dtype.kind not in "OU" and "flag_meanings" not in da.attrs:
            assert da.attrs.get("units") is not None, variable
        if "flag_meanings" in da.attrs:
            assert da.dtype.kind == "i", variable


@pytest.mark.parametrize("name", EXAMPLES)
def test_no_variable_bears_the_label_of_another(name):
    inputs = EXAMPLES[name].make()
    arrays = [
        da
        for obj in inputs.values()
        for da in (obj.data_vars.values() if isinstance(obj, xr.Dataset) else [obj])
    ]
    known = {"1", "kPa", *(da.attrs["units"] for da in arrays if "units" in da.attrs)}
    method = EXAMPLES[name].step
    for variable, da in run(name, inputs).data_vars.items():
        table = [describe(variable, units=u, method=method) for u in known]
        if "units" in da.attrs:
            assert da.attrs["units"] in {said["units"] for said in table}
        if (variable, da.attrs["long_name"]) not in OWN_WORDS:
            assert da.attrs["long_name"] == table[0]["long_name"]


@pytest.mark.parametrize("name", CELLWISE)
def test_a_cell_alone_gives_what_it_gives_on_the_grid(name):
    # a slab of the runner is such a part of the grid
    inputs = EXAMPLES[name].make()
    expected = run(name, inputs)
    part = {
        key: obj.isel({d: slice(1, 3) for d in ("x",) if d in obj.dims})
        for key, obj in inputs.items()
    }
    same(run(name, part), expected.isel(x=slice(1, 3)))


@pytest.mark.parametrize("name", CELLWISE)
def test_sites_give_what_the_grid_gives(name):
    inputs = EXAMPLES[name].make()
    expected = run(name, inputs)
    stacked = {
        key: obj.stack(site=("y", "x")).drop_vars(["site", "y", "x"]) if spatial_dims(obj) else obj
        for key, obj in inputs.items()
    }
    result = run(name, stacked)
    for variable in expected:
        if "x" in expected[variable].dims:
            flat = expected[variable].stack(site=("y", "x")).drop_vars(["site", "y", "x"])
            xr.testing.assert_allclose(
                result[variable].transpose(*flat.dims), flat, rtol=1e-9, atol=1e-12
            )
