"""Results of which some variables lie on disk in several chunks of time and others in one."""

import numpy as np
import pytest
import xarray as xr

from soilscope.study.store import Record, Store


@pytest.mark.parametrize("chunks", [None, {}])
def test_fields_of_days_open_beside_numbers_of_days(tmp_path, chunks):
    store = Store(tmp_path)
    dims = ("time", "y", "x")
    ds = xr.Dataset(
        {"field": (dims, np.arange(24.0).reshape(6, 2, 2)), "number": ("time", np.arange(6.0))}
    )
    work = store.work_folder("daily", "f" * 16)
    work.mkdir(parents=True)
    ds.to_zarr(
        work / "data.zarr",
        consolidated=False,
        encoding={"field": {"chunks": (2, 2, 2)}, "number": {"chunks": (6,)}},
    )
    store.publish(Record("daily", "downscale", {}, {}, "f" * 64, variables=tuple(ds)), work)
    opened = store.open("daily", chunks=chunks)
    if chunks is not None:  # series are needed whole
        assert {one.chunksizes["time"] for one in opened.data_vars.values()} == {(6,)}
    xr.testing.assert_equal(opened.load(), ds)
