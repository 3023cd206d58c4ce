"""Soil hydraulic parameters written as the files of Montzka et al. (2017)."""

from pathlib import Path

import numpy as np
import xarray as xr

from soilscope.errors import InputError

#: Our name -> (their name, units).
_NAMES = {
    "porosity": ("mean_theta_s", "cm3 cm-3"),
    "residual_water_content": ("mean_theta_r", "cm3 cm-3"),
    "saturated_conductivity": ("mean_Ks", "cm d-1"),
    "van_genuchten_alpha": ("alpha_fit", "cm-1"),
    "van_genuchten_n": ("n_fit", "-"),
    "pore_connectivity": ("mean_L", "-"),
}
DEPTHS = (0, 5, 15, 30, 60, 100, 200)  # cm
FILL = -9999.0


def write_soil_hydraulics(ds: xr.Dataset, folder: str | Path) -> list[Path]:
    """Write parameters as ``Hydraul_Param_SoilGrids_Schaap_sl{1..7}.nc``, one file a depth.

    Parameters
    ----------
    ds
        On (depth, latitude, longitude) with `depth` of 0, 0.05, 0.15, 0.3, 0.6, 1 and 2 m (or
        some of them): any of `porosity`, `residual_water_content` (m3 m-3),
        `saturated_conductivity` (cm d-1), `van_genuchten_alpha` (cm-1), `van_genuchten_n`,
        `pore_connectivity`.
    folder
        Where the files are written; made if it does not exist.

    Returns
    -------
    list of Path
        One a depth, from the surface down; names of variables end on the depth, as in
        ``mean_Ks_5cm``.

    Examples
    --------
    >>> import tempfile
    >>> import xarray as xr
    >>> ds = xr.Dataset(
    ...     {"porosity": (("depth", "latitude", "longitude"), [[[0.4, 0.5]]])},
    ...     {"depth": [0.05], "latitude": [38.125], "longitude": [104.125, 104.375]},
    ... )
    >>> [file.name for file in write_soil_hydraulics(ds, tempfile.mkdtemp())]
    ['Hydraul_Param_SoilGrids_Schaap_sl2.nc']
    """
    held = [name for name in _NAMES if name in ds]
    if not held:
        raise InputError(f"ds holds none of {', '.join(_NAMES)}.")
    Path(folder).mkdir(parents=True, exist_ok=True)
    paths = []
    for at, depth in enumerate(np.round(100 * ds["depth"].values).astype(int).tolist()):
        if depth not in DEPTHS:
            raise InputError(f"ds has a depth of {depth} cm; there are {DEPTHS}.")
        layer = ds.isel(depth=at).transpose("latitude", "longitude", ...)
        data = {}
        for name in held:
            theirs, units = _NAMES[name]
            values = layer[name].values.astype("f4")
            data[f"{theirs}_{depth}cm"] = (("latitude", "longitude"), values, {"units": units})
        out = xr.Dataset(
            data,
            {
                "latitude": ("latitude", ds["latitude"].values, {"units": "degrees_north"}),
                "longitude": ("longitude", ds["longitude"].values, {"units": "degrees_east"}),
            },
            {"title": "Montzka et al. (2017) layout, written from synthetic data", "synthetic": 1},
        )
        path = Path(folder) / f"Hydraul_Param_SoilGrids_Schaap_sl{DEPTHS.index(depth) + 1}.nc"
        fill = {str(name): {"_FillValue": np.float32(FILL)} for name in out.data_vars}
        out.to_netcdf(path, engine="h5netcdf", encoding=fill)
        paths.append(path)
    return paths
