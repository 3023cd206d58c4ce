"""Soil properties written as SoilGrids files."""

from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import InputError
from soilscope.grid.crs import grid_dims
from soilscope.grid.depth import layer_bounds
from soilscope.twin.layouts.image import write_image

#: Our name -> (their name, stored numbers per unit of ours).
_STORED = {
    "sand": ("sand", 10),
    "silt": ("silt", 10),
    "clay": ("clay", 10),
    "bulk_density": ("bdod", 100),
    "organic_carbon": ("soc", 10),
    "field_capacity": ("wv0033", 1000),
    "wilting_point": ("wv1500", 1000),
    "water_content_10kpa": ("wv0010", 1000),
    "ph": ("phh2o", 10),
    "nitrogen": ("nitrogen", 100),
    "cation_exchange_capacity": ("cec", 10),
    "coarse_fragments": ("cfvo", 10),
}
FILL = -32768


def write_soilgrids(ds: xr.Dataset, folder: str | Path, *, statistic: str = "mean") -> list[Path]:
    """Write soil properties as ``{property}_{top}-{bottom}cm_{statistic}.tif``.

    Parameters
    ----------
    ds
        In our units on (depth, latitude, longitude) or (depth, y, x) with the edges of the layers
        and a reference system: any of `sand`, `silt`, `clay` (%), `bulk_density` (g cm-3),
        `organic_carbon` (g kg-1), `field_capacity`, `wilting_point`, `water_content_10kpa`
        (m3 m-3), `ph`, `nitrogen` (g kg-1), `cation_exchange_capacity` (cmol kg-1),
        `coarse_fragments` (%).
    folder
        Where the files are written; made if it does not exist.
    statistic
        What the numbers are: "mean", or a quantile such as "Q0.05".

    Returns
    -------
    list of Path
        16-bit whole numbers in the provider's units, -32768 where missing.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> from soilscope import set_layers
    >>> da = xr.DataArray([[[20.0, 21.0], [22.0, 23.0]]], dims=("depth", "latitude", "longitude"))
    >>> da = set_layers(da, [[0, 0.05]])
    >>> da = da.assign_coords(latitude=[38.1, 38.0], longitude=[104.0, 104.1])
    >>> [file.name for file in write_soilgrids(da.to_dataset(name="clay"), tempfile.mkdtemp())]
    ['clay_0-5cm_mean.tif']
    """
    held = [name for name in _STORED if name in ds]
    if not held:
        raise InputError(f"ds holds none of {', '.join(_STORED)}.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    dims = grid_dims(ds)
    if dims is None:
        raise InputError("ds has no grid.")
    paths = []
    for name in held:
        theirs, per_unit = _STORED[name]
        values = ds[name].transpose("depth", *dims).values
        whole = np.round(np.nan_to_num(values) * per_unit)
        stored = np.where(np.isfinite(values), whole, FILL).astype("i2")
        for (top, bottom), image in zip(layer_bounds(ds, name="ds"), stored, strict=True):
            layer = f"{100 * top:g}-{100 * bottom:g}cm"
            path = Path(folder) / f"{theirs}_{layer}_{statistic}.tif"
            write_image(path, ds, image, nodata=FILL)
            paths.append(path)
    return paths
