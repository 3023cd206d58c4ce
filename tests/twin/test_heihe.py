import tracemalloc

import numpy as np
import pytest
import xarray as xr

from soilscope.errors import InputError
from soilscope.twin.heihe import heihe, heihe_blocks
from soilscope.twin.heihe_files import write_heihe

SMALL = {"size": (60, 50), "start": "2020-06-25"}
PRODUCTS = ("fine", "reanalysis", "cci", "smops", "smci")


def test_a_seed_gives_the_same_twin_and_another_seed_another():
    first, again, other = (heihe(**SMALL, days=3, seed=seed) for seed in (3, 3, 4))
    for product in PRODUCTS:
        xr.testing.assert_identical(getattr(first, product), getattr(again, product))
        assert not getattr(first, product).soil_moisture.equals(
            getattr(other, product).soil_moisture
        )


def test_blocks_are_the_same_days_to_the_last_bit():
    whole = heihe(**SMALL, days=7)
    parts = list(heihe_blocks(**SMALL, days=7, block=3))
    for product in PRODUCTS:
        joined = xr.concat([getattr(part, product) for part in parts], "time", data_vars="minimal")
        xr.testing.assert_identical(joined, getattr(whole, product))


def test_every_product_and_variable_says_that_it_is_synthetic():
    twin = heihe(**SMALL, days=1)
    for product in PRODUCTS:
        ds = getattr(twin, product)
        assert ds.attrs["synthetic"] == 1
        assert "Synthetic" in ds.attrs["title"]
        assert all(da.attrs["synthetic"] == 1 for da in ds.data_vars.values())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"start": "June"}, "write a day"),
        ({"size": (10, 50)}, "at least 30"),
        ({"days": 0}, "at least 1"),
        ({"resolution": -1.0}, "above 0"),
    ],
)
def test_options_that_make_no_twin_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        heihe(**SMALL | {"days": 1} | options)


def test_values_are_physical():
    fine = heihe(**SMALL, days=20).fine
    soil = fine.land_cover.isin([1, 10, 12, 13, 16])
    assert bool((fine.soil_moisture.notnull() == soil).all())
    assert fine.soil_moisture.min() > 0.0
    assert bool((fine.soil_moisture <= fine.porosity + 1e-6).where(soil, True).all())
    assert -40.0 < fine.lst_night.min() < fine.lst_day.max() < 75.0
    assert np.isclose(fine.ndvi.max(), 0.8, atol=0.1)


def test_what_is_written_by_blocks_is_the_twin(tmp_path):
    whole = heihe(**SMALL, days=5, seed=2)
    for name, path in write_heihe(tmp_path, **SMALL, days=5, seed=2, block=2).items():
        with xr.open_zarr(path, consolidated=False, decode_coords="all") as written:
            xr.testing.assert_equal(written.load(), getattr(whole, name))
            assert written.attrs["synthetic"] == 1


def test_memory_is_that_of_a_block_however_many_days_follow():
    def peak(days):
        tracemalloc.start()
        for _ in heihe_blocks(**SMALL, days=days, block=4):
            pass
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    peak(1)  # what is imported and cached once does not count
    assert peak(24) < 1.1 * peak(8)


def test_a_grid_elsewhere_is_refused():
    with pytest.raises(InputError, match="outside the Heihe basin"):
        heihe(**SMALL, days=1, middle=(110.0, 30.0))
