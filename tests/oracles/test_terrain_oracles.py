"""Terrain beside other libraries, the analytic cone, and the wetness of a real farm."""

import warnings

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from numpy.testing import assert_allclose

from soilscope import terrain
from soilscope.grid.crs import stamp
from soilscope.kernels.fill import fill


def peer(name):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return pytest.importorskip(name, reason=f"{name} is in the dependency group oracles")


def rough(n, seed=0):
    """Return random hills with a spectrum like that of land, and hence with depressions."""
    k = np.hypot(np.fft.fftfreq(n)[:, np.newaxis], np.fft.rfftfreq(n))
    k[0, 0] = 1.0
    noise = np.fft.rfft2(np.random.default_rng(seed).normal(size=(n, n)))
    z = np.fft.irfft2(noise * k**-1.6, s=(n, n))
    return 1500 + 300 * z / z.std()


def utm(z, cell=30.0):
    n, m = z.shape
    coords = {"y": 4_200_000 - cell * np.arange(n), "x": 500_000 + cell * np.arange(m)}
    return stamp(xr.DataArray(z, coords, ("y", "x"), attrs={"units": "m"}), "EPSG:32648")


def test_slope_and_aspect_on_a_map_are_those_of_xarray_spatial():
    xrspatial = peer("xrspatial")
    dem = utm(rough(40))
    ours = terrain(dem).isel(y=slice(1, -1), x=slice(1, -1))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        slope, aspect = xrspatial.slope(dem)[1:-1, 1:-1], xrspatial.aspect(dem)[1:-1, 1:-1]
    assert_allclose(ours.slope, slope, atol=1e-3)  # it computes in single precision
    turn = np.mod(ours.aspect - aspect + 180, 360) - 180
    assert float(np.abs(turn).max()) < 0.1


def test_slope_in_degrees_is_that_of_pyflwdir():
    pyflwdir = peer("pyflwdir")
    z, step = rough(40), 0.01
    axis = step * (np.arange(40) + 0.5)
    dem = xr.DataArray(
        z, {"latitude": 40 - axis, "longitude": 100 + axis}, ("latitude", "longitude")
    )
    transform = (step, 0.0, 100.0, 0.0, -step, 40.0)
    theirs = pyflwdir.dem.slope(z, -9999.0, latlon=True, transform=transform)[1:-1, 1:-1]
    ours = np.tan(np.deg2rad(terrain(dem).slope.values))[1:-1, 1:-1]
    assert_allclose(ours, theirs, rtol=2e-3)  # it expands the length of a degree in a series


def test_flow_to_many_neighbours_is_that_of_richdem():
    richdem = peer("richdem")
    z = rough(60)
    z[[0, -1]] = z[:, [0, -1]] = z.min() - 100.0  # there, border cells take no part in the flow
    fill(z, 0.01)
    theirs = richdem.rdarray(z.copy(), no_data=-9999.0)
    theirs.geotransform = (0, 30, 0, 0, 0, -30)
    cells = np.asarray(richdem.FlowAccumulation(theirs, method="Freeman", exponent=1.1))
    ours = terrain(utm(z)).specific_catchment_area.values / 30.0
    assert_allclose(ours[1:-1, 1:-1], cells[1:-1, 1:-1], rtol=1e-5)


@pytest.mark.parametrize(("flow", "low", "high"), [("mfd", 0.04, 0.08), ("d8", 0.35, 0.50)])
def test_on_a_cone_freeman_errs_by_a_sixteenth_and_one_neighbour_by_near_half(flow, low, high):
    # water runs straight away from the top: at radius r the area per width is r / 2
    n, cell = 121, 30.0
    y, x = np.mgrid[:n, :n] - (n - 1) / 2
    radius = cell * np.hypot(y, x)
    found = terrain(utm(1000 - 0.2 * radius, cell), flow=flow).specific_catchment_area.values
    ring = (radius > 10 * cell) & (radius < (n / 2 - 3) * cell)
    error = np.abs(found[ring] / (radius[ring] / 2) - 1)
    assert low < error.mean() < high


@pytest.mark.real
def test_the_wetness_of_a_farm_orders_its_cells_as_the_published_one(shared_data):
    table = pd.read_csv(shared_data / "cookfarm-3dt" / "cookfarm_grid_10m.csv.gz")
    table[["y", "x"]] = table[["y", "x"]].round(3)
    farm = table.set_index(["y", "x"])[["DEM", "TWI"]].to_xarray().sortby("y", ascending=False)
    found = terrain(stamp(farm["DEM"], "EPSG:26911").assign_attrs(units="m"))
    both = pd.DataFrame({"ours": found.twi.values.ravel(), "theirs": farm["TWI"].values.ravel()})
    both = both.dropna()
    assert len(both) == 3865
    assert both.corr("spearman").iloc[0, 1] > 0.8  # another flow routing, which is not told
