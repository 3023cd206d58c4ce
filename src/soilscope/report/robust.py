"""Results of the robust detector, in the shape of those that the figures of a search read."""

import numpy as np
import xarray as xr

ONE_WAY = "best cuts"  # the robust detector knows one way to cut


def as_search(ds: xr.Dataset) -> xr.Dataset:
    """Return a search for classes; that of `rgd` gets the one way of cutting that it has."""
    if "method" in ds.dims or "best_n_classes" not in ds:
        return ds
    tried = [v for v in ("q", "breaks", "n_obtained") if v in ds]
    method = {"method": np.array([ONE_WAY], dtype=object)}
    chosen = ds["best_n_classes"]
    code = chosen.copy(data=np.where(chosen.values >= 0, 0, -1).astype(np.int8))
    words = {"flag_values": [0], "flag_meanings": ONE_WAY.replace(" ", "_")}
    return ds.assign({v: ds[v].expand_dims(method) for v in tried}).assign(
        best_method=code.drop_attrs().assign_attrs(words)
    )


def as_factors(ds: xr.Dataset) -> xr.Dataset:
    """Return q of each factor; of `rgd` that with the number of classes that was chosen."""
    if "n_classes" not in ds.dims or "method" in ds.dims:
        return ds
    chosen = ds["n_classes"] == ds["best_n_classes"]
    return ds.drop_vars(["breaks", "codes", "n_obtained"], errors="ignore").assign(
        q=ds["q"].where(chosen).max("n_classes")
    )
