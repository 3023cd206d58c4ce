"""A folder of every product in its own layout, small studies of it, and ways to spoil it."""

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import geopandas
import numpy as np
import pytest
import xarray as xr
from shapely.geometry import box

from soilscope.cli.main import main
from soilscope.study.store import Store
from soilscope.twin.helan import helan
from soilscope.twin.layouts.era5_land import write_era5_land
from soilscope.twin.layouts.modis import write_modis
from soilscope.twin.layouts.smci import write_smci
from soilscope.twin.layouts.terraclimate import write_terraclimate

STUDY = """\
title: Eight by eight cells
region: {region}
calendar: month
{place}
inputs:
  {inputs}
analyses:
  annual: {{step: composite, da: {first}, freq: YS, min_count: 12}}
"""
INPUTS = {
    "soil_moisture": "smci: {product: smci, paths: SMCI}",
    "temperature": "climate: {product: era5_land, paths: ERA5-Land/*.nc, "
    "variables: [temperature, precipitation]}",
    "vpd": "dryness: {product: terraclimate, paths: TerraClimate, variables: [vpd]}",
    "ndvi": "plants: {product: modis, paths: MODIS/*.nc}",
    "t2m": "weather: {product: raster, paths: grid.nc, variables: {temperature: t2m}}",
}
REGION = "[105.56, 37.75, 106.36, 38.55]"
ZONES = "zones: {file: zones.shp, name: NAME}"
NAMES = ("银川", "卫宁")
#: The northern and the southern half of the region, four rows of cells each.
HALVES = (box(105.5, 38.15, 106.5, 38.6), box(105.5, 37.7, 106.5, 38.15))
SHUFFLED = [3, 0, 7, 1, 12, 5, 2, 8, 10, 4, 6, 11, 9]

Spoil = Callable[[xr.Dataset], xr.Dataset]


def study_of(*names: str, region: str = REGION, place: str = ZONES) -> str:
    """Write a study of the inputs that bring these variables."""
    lines = [INPUTS[name] for name in names]
    like = f"grid: {{like: {lines[0].split(':')[0]}}}\n" if len(lines) > 1 else ""
    first = names[0].replace("t2m", "temperature")
    return STUDY.format(region=region, place=like + place, inputs="\n  ".join(lines), first=first)


@cache
def twin() -> xr.Dataset:
    """Draw three years on 13 x 11 cells of 0.1 degrees and three layers, a value in every cell."""
    ds = helan(spacing=0.1, months=36).isel(depth=slice(3)).sortby("latitude")
    ds = ds.sel(latitude=slice(37.6, 38.8), longitude=slice(105.4, 106.5))
    names = ["soil_moisture", "precipitation", "temperature", "vpd", "ndvi"]
    filled = {name: ds[name].fillna(ds[name].mean(("latitude", "longitude"))) for name in names}
    filled = {name: da.transpose(*ds[name].dims) for name, da in filled.items()}
    return ds[[]].assign(filled).drop_vars("driver", errors="ignore").load()


def write_good(folder: Path) -> None:
    """Write files without a fault."""
    ds = twin()
    write_smci(ds[["soil_moisture"]], folder / "SMCI")
    write_era5_land(ds[["temperature", "precipitation"]], folder / "ERA5-Land", layout="time")
    write_terraclimate(ds[["vpd"]], folder / "TerraClimate")
    write_modis(ds, folder / "MODIS", layout="appeears_netcdf")
    write_zones(folder / "zones.shp")


def grid() -> xr.Dataset:
    """Temperature on a grid that its user declares, from south to north."""
    ds = twin()[["temperature"]].rename(temperature="t2m")
    return ds.drop_vars(["spatial_ref", "depth"], errors="ignore")


def write_zones(
    path: Path | str,
    shapes: Sequence[Any] = HALVES,
    names: Sequence[Any] = NAMES,
    *,
    crs: str | None = "EPSG:4326",
    encoding: str = "GBK",
) -> None:
    """Write polygons; a shapefile is in GBK and does not say so."""
    path = Path(path)
    for old in path.parent.glob(f"{path.stem}.*"):
        old.unlink()
    frame = geopandas.GeoDataFrame({"NAME": list(names)}, geometry=list(shapes), crs=crs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # GDAL has something to say about Chinese names
        options = {"encoding": encoding} if path.suffix == ".shp" else {}
        frame.to_file(path, engine="pyogrio", **options)
    path.with_suffix(".cpg").unlink(missing_ok=True)


def smci(year: int | str = "*", bottom: int | str = "*") -> list[Path]:
    """Return the files of a year and a layer."""
    return sorted(Path("SMCI").glob(f"{bottom}cm/SMCI_9km_{year}_{bottom}cm.nc"))


def terraclimate(year: int | str = "*") -> list[Path]:
    """Return the files of a year."""
    return sorted(Path("TerraClimate").glob(f"TerraClimate_vpd_{year}.nc"))


def era5_land(year: int | str = "*") -> list[Path]:
    """Return the files of a year."""
    return sorted(Path("ERA5-Land").glob(f"era5_land_{year}.nc"))


def modis() -> list[Path]:
    """Return the one file."""
    return sorted(Path("MODIS").glob("*.nc"))


def spoil(paths: Iterable[Path], how: Spoil, *, decoded: bool = False) -> None:
    """Change files as they are stored, or as what their numbers mean."""
    for path in paths:
        with xr.open_dataset(path, decode_cf=decoded) as ds:
            ds = ds.load()
        path.unlink()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            how(ds).to_netcdf(path)


class Spoilt:
    """A folder of spoilt files, and what the commands say of a study of them."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def _said(self, command: list[str], text: str) -> tuple[int, list[str], list[str]]:
        Path("study.yaml").write_text(text, encoding="utf-8")
        self._capsys.readouterr()
        code = main(command)
        lines = self._capsys.readouterr().err.splitlines()
        faults = [line for line in lines if line.startswith("soilscope: error: ")]
        warned = [line for line in lines if line.startswith("soilscope: warning: ")]
        assert not [line for line in lines if "Traceback" in line]
        return code, faults, [line.removeprefix("soilscope: warning: ") for line in warned]

    def refused(self, text: str) -> str:
        """Return the one line by which `check` and `run` refuse a study."""
        check = self._said(["check", "study.yaml"], text)
        run = self._said(["run", "study.yaml", "-r", "out"], text)
        assert check == run
        code, faults, _ = check
        assert code == 2, "the study was not refused"
        assert not Path("out").exists()
        (line,) = faults
        return line.removeprefix("soilscope: error: ")

    def told(self, text: str) -> list[str]:
        """Return the warnings of `check`, which accepts a study."""
        code, faults, warned = self._said(["check", "study.yaml"], text)
        assert (code, faults) == (0, [])
        return warned

    def cube(self, text: str) -> xr.Dataset:
        """Run a study and return its cube."""
        command = ["run", "study.yaml", "-r", "out", "--no-report"]
        code, faults, self.warned = self._said(command, text)
        assert (code, faults) == (0, [])
        return Store("out").open("cube").load()


def require_true(cube: xr.Dataset, name: str, *, atol: float, missing: float = 0.0) -> None:
    """Compare a variable of a cube with the twin; so large a share of it must be missing."""
    ours = cube[name]
    truth = twin()[name].sel(latitude=cube.latitude, longitude=cube.longitude, method="nearest")
    truth = truth.reindex(time=cube.time).transpose(*ours.dims)
    np.testing.assert_allclose(np.isnan(ours.values).mean(), missing, atol=1e-9)
    known = ~np.isnan(ours.values)
    np.testing.assert_allclose(ours.values[known], truth.values[known], rtol=0, atol=atol)
