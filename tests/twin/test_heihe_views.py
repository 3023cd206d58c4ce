import numpy as np
import pyproj
import pytest
import xarray as xr

from soilscope.grid.regrid import regrid
from soilscope.twin import heihe_views
from soilscope.twin.heihe import heihe


@pytest.fixture(scope="module")
def twin():
    return heihe(size=(140, 122), days=60, start="2020-06-20", seed=4)


def held(fine, product, name="soil_moisture"):
    """Mean of the fine cells whose centre lies in each coarse cell."""
    x, y = np.meshgrid(fine.x, fine.y)
    crs = fine.spatial_ref.attrs["crs_wkt"]
    lon, lat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True).transform(x, y)
    latitude, longitude = product.latitude.values, product.longitude.values
    step = latitude[0] - latitude[1]
    row = np.rint((latitude[0] - lat) / step).astype(int)
    column = np.rint((lon - longitude[0]) / step).astype(int)
    values = fine[name].values
    out = np.full((len(values), latitude.size, longitude.size), np.nan)
    for i in range(latitude.size):
        for j in range(longitude.size):
            here = (row == i) & (column == j) & np.isfinite(values[0])
            if here.any():
                out[:, i, j] = values[:, here].astype("f8").mean(axis=1)
    return out


def test_the_microwave_product_is_the_area_mean_plus_the_noise_it_states(twin):
    truth = held(twin.fine, twin.cci)
    error = (twin.cci.soil_moisture.values - truth) / twin.cci.soil_moisture_uncertainty.values
    error = error[np.isfinite(error)]
    assert error.size > 400
    assert error.mean() == pytest.approx(0.0, abs=0.15)
    assert error.std() == pytest.approx(1.0, abs=0.1)


def test_the_all_weather_product_has_a_scale_of_its_own_and_no_gaps(twin):
    truth, seen = held(twin.fine, twin.smops), twin.smops.soil_moisture.values
    both = np.isfinite(seen)
    assert (both == both[0]).all()
    gain, offset = np.polyfit(truth[both], seen[both], 1)
    assert gain == pytest.approx(heihe_views.SMOPS_GAIN, abs=0.04)
    assert offset == pytest.approx(heihe_views.SMOPS_OFFSET, abs=0.01)


def test_the_reanalysis_is_damper_smoother_and_less_spread(twin):
    truth, seen = held(twin.fine, twin.reanalysis), twin.reanalysis.soil_moisture.values
    both = np.isfinite(seen)
    assert both.sum() > 60 * 100
    assert np.corrcoef(truth[both], seen[both])[0, 1] > 0.85
    assert np.nanstd(seen) < np.std(truth[both])


def test_its_skin_is_too_cool_by_day_and_too_warm_by_night(twin):
    for name, bias in (("lst_day", -2.5), ("lst_night", 1.2)):
        error = twin.reanalysis[name].values - held(twin.fine, twin.reanalysis, name)
        assert np.nanmean(error) == pytest.approx(bias, abs=0.15)


def test_the_forest_has_no_relation_where_a_coarse_cell_holds_nothing_else():
    twin = heihe(size=(140, 122), days=92, start="2020-06-01", seed=1)
    forest = (twin.fine.land_cover == 1).expand_dims(time=1).astype("f8")
    share = held(forest.to_dataset(name="soil_moisture"), twin.reanalysis)[0]
    share[twin.reanalysis.soil_moisture[0].isnull().values] = np.nan
    mixed, pure = (share > 0.5) & (share < 0.8), share > 0.95
    difference = (twin.reanalysis.lst_day - twin.reanalysis.lst_night).values.astype("f8")
    moisture = twin.reanalysis.soil_moisture.values.astype("f8")
    r = [
        np.corrcoef(difference[:, at].ravel(), moisture[:, at].ravel())[0, 1]
        for at in (pure, mixed)
    ]
    assert pure.sum() >= 10
    assert abs(r[0]) < 0.15
    assert r[1] < -0.2  # a cell with other cover in it takes on a relation


def test_edges_of_cells_are_those_of_the_real_products(twin):
    # ERA5-Land has centres at multiples of 0.1, ESA CCI and SMOPS edges at multiples of 0.25
    for axis in ("latitude", "longitude"):
        np.testing.assert_allclose(twin.reanalysis[axis] * 10, np.rint(twin.reanalysis[axis] * 10))
        quarter = twin.cci[axis].values * 4 - 0.5
        np.testing.assert_allclose(quarter, np.rint(quarter))


def test_swaths_leave_gaps_that_move(twin):
    inside = (twin.cci.flag >= 0).values
    seen = twin.cci.soil_moisture.notnull().values
    assert 0.55 < seen[inside].mean() < 0.85
    assert (seen == (twin.cci.flag.values == 0)).all()
    per_cell = seen.mean(axis=0)[inside[0]]
    assert 0.4 < per_cell.min() <= per_cell.max() < 0.9


def test_the_learned_product_shares_errors_of_the_reanalysis(twin):
    truth = twin.fine.soil_moisture
    learned = (twin.smci.soil_moisture - truth).values
    model = (regrid(twin.reanalysis.soil_moisture, truth, how="bilinear") - truth).values
    both = np.isfinite(learned) & np.isfinite(model)
    assert np.corrcoef(learned[both], model[both])[0, 1] > 0.8


def test_ice_is_water_to_the_reanalysis_and_not_to_satellites():
    winter = heihe(size=(140, 122), days=3, start="2020-01-10")
    assert float(winter.cci.soil_moisture.notnull().sum()) == 0
    liquid = float(winter.fine.soil_moisture.mean())
    assert float(winter.reanalysis.soil_moisture.mean()) > 1.5 * liquid


def test_coarse_cells_outside_the_basin_are_missing():
    twin = heihe(size=(60, 50), resolution=10_000.0, days=2, start="2020-07-01")
    flag = twin.cci.flag.values
    assert (flag[:, 0, 0] == -1).all()
    assert np.isnan(twin.reanalysis.soil_moisture.values[:, 0, 0]).all()
    assert (np.isfinite(twin.smops.soil_moisture.values) == (flag >= 0)).all()


def test_widths_of_coarse_cells_are_what_was_asked_for():
    twin = heihe(size=(60, 50), days=1, reanalysis_spacing=0.05, satellite_spacing=0.125)
    for product, width in ((twin.reanalysis, 0.05), (twin.cci, 0.125)):
        np.testing.assert_allclose(-np.diff(product.latitude), width)
    xr.testing.assert_equal(twin.cci.latitude, twin.smops.latitude)
