"""Small results folders with made-up numbers: a grid of two zones, and sites."""

import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from matplotlib.backends.backend_agg import FigureCanvasAgg

from soilscope import pooled_agreement
from soilscope.errors import SoilscopeWarning
from soilscope.labelled import label
from soilscope.names import STATUS, flag_attrs
from soilscope.report.plates import Plate
from soilscope.report.style import RC, TALLEST
from soilscope.study.store import Record, Store

DRIVERS = ("precipitation", "temperature", "vpd")
RNG = np.random.default_rng(7)


def smooth(scale: float, shape: tuple[int, ...]) -> np.ndarray[Any, Any]:
    """Made-up numbers that vary slowly along the last two axes."""
    values = RNG.normal(0, 1, shape)
    if min(shape[-2:]) < 10:
        return values * scale
    for axis in (-1, -2):
        for _ in range(12):
            values = (np.roll(values, 1, axis) + values + np.roll(values, -1, axis)) / 3
    return values / values.std() * scale


def require_inside(plate: Plate) -> None:
    """Draw a sheet: it is no taller than a page, and no text leaves it."""
    with mpl.rc_context(RC):
        figure = plate.draw()
        assert figure.get_size_inches()[1] < TALLEST + 0.3
        FigureCanvasAgg(figure).draw()
        for text in [*figure.texts, *(t for ax in figure.axes for t in ax.texts)]:
            box = text.get_window_extent()
            assert -3 <= box.x0 <= box.x1 <= figure.bbox.x1 + 3, (plate.key, text.get_text())


class Folder:
    """Writes results as the runner does: data.zarr and step.json, then the manifest."""

    def __init__(self, root: Path) -> None:
        self.store = Store(root)
        self.names: list[str] = []

    def add(
        self,
        name: str,
        step: str,
        ds: xr.Dataset,
        *,
        inputs: Mapping[str, Any] | None = None,
        options: Mapping[str, Any] | None = None,
        **record: Any,
    ) -> None:
        work = self.store.work_folder(name, "f" * 16)
        work.mkdir(parents=True)
        ds.to_zarr(work / "data.zarr", consolidated=False)
        made = Record(
            name, step, dict(inputs or {}), dict(options or {}), "f" * 64,
            versions={"soilscope": "0.1.0", "numpy": "2"}, seconds=0.25,
            finished="2026-01-01T00:00:00+00:00",
            variables=tuple(map(str, ds.data_vars)), **record,
        )  # fmt: skip
        self.store.publish(made, work)
        self.names.append(name)

    def finish(self, *, title: str, synthetic: bool = False, formats: tuple[str, ...] = ("png",)):
        self.store.write_manifest(
            {
                "study": "study.yaml",
                "title": title,
                "description": "",
                "synthetic": synthetic,
                "finished": "2026-01-01T00:00:00+00:00",
                "results": self.names,
                "report": {"formats": list(formats)},
            }
        )
        (self.store.root / "study.yaml").write_text(f"title: {title}\n", encoding="utf-8")
        return self.store.root


def layers(edges: tuple[float, ...]) -> dict[str, Any]:
    edges_m = np.array(edges) / 100
    bounds = np.stack([edges_m[:-1], edges_m[1:]], axis=1)
    return {
        "depth": ("depth", bounds.mean(axis=1), {"units": "m", "positive": "down"}),
        "depth_top": ("depth", bounds[:, 0], {"units": "m"}),
        "depth_bottom": ("depth", bounds[:, 1], {"units": "m"}),
    }


def trend_of(dims: tuple[str, ...], shape: tuple[int, ...], coords: Any, scale: float = 0.01):
    slope = smooth(scale, shape)
    p = np.clip(np.exp(-4 * np.abs(slope) / scale), 1e-6, 1)
    ds = xr.Dataset(
        {
            "slope": (dims, slope),
            "slope_low": (dims, slope - scale),
            "slope_high": (dims, slope + scale),
            "intercept": (dims, -2010 * slope),
            "p_value": (dims, p),
            "p_value_uncorrected": (dims, p / 2),
            "z": (dims, slope / scale),
            "tau": (dims, slope / scale / 3),
            "variance_ratio": (dims, np.full(shape, 1.5)),
            "lag1_autocorrelation": (dims, np.full(shape, 0.3)),
            "n_obs": (dims, np.full(shape, 21)),
            "status": (dims, np.zeros(shape, np.int8)),
        },
        coords=coords,
    )
    return label(ds, units="1", method="trend")


def drivers_of(dims: tuple[str, ...], shape: tuple[int, ...], coords: Any) -> xr.Dataset:
    per = ("driver", *dims)
    full = (len(DRIVERS), *shape)
    beta = smooth(0.3, full)
    ds = xr.Dataset(
        {
            "coefficient": (per, beta * 0.1),
            "standardized_coefficient": (per, beta),
            "stderr": (per, np.full(full, 0.02)),
            "t": (per, beta * 0.1 / 0.02),
            "p_value": (per, np.clip(0.2 - np.abs(beta), 0.0001, 1)),
            "partial_r": (per, beta / 2),
            "vif": (per, np.full(full, 1.8)),
            "r_squared": (dims, np.full(shape, 0.42)),
            "n_obs": (dims, np.full(shape, 252)),
            "condition": (dims, np.full(shape, 3.0)),
            "residual_autocorrelation": (dims, np.full(shape, 0.6)),
            "dominant_driver": (dims, np.argmax(beta, axis=0).astype(np.int8)),
            "status": (dims, np.zeros(shape, np.int8)),
        },
        coords=coords
        | {
            "driver": ("driver", np.array(DRIVERS, dtype=object)),
            "circular": ("driver", np.array([0, 1, 0], np.int8)),  # temperature
        },
    )
    label(ds, units="1", method="partial_regression")
    ds["dominant_driver"].attrs |= flag_attrs(("not_estimated", "none", *DRIVERS), first=-2)
    return ds


def adjusted_of(ds: xr.Dataset) -> xr.Dataset:
    p = (ds["p_value"] * 1.5).clip(max=1)
    return label(p.to_dataset(name="p_value_adjusted"), method="adjust_p_values")


def events_of(dims: tuple[str, ...], shape: tuple[int, ...], coords: Any) -> xr.Dataset:
    ds = xr.Dataset(
        {
            "n_events": (dims, RNG.integers(3, 20, shape)),
            "mean_duration": (dims, RNG.uniform(1, 9, shape)),
            "mean_severity": (dims, RNG.uniform(0.5, 6, shape)),
            "n_obs": (dims, np.full(shape, 252)),
        },
        coords=coords,
    )
    return label(ds, method="drought_events")


def onsets_of(dims: tuple[str, ...], shape: tuple[int, ...], coords: Any) -> xr.Dataset:
    """Delays behind the layer above, `depth` first; the first layer has none."""
    delay = RNG.integers(0, 3, shape).astype(float)
    delay[0] = np.nan
    ds = xr.Dataset(
        {
            "onset_delay": (dims, delay),
            "onset_delay_low": (dims, np.maximum(delay - 1, 0)),
            "onset_delay_high": (dims, delay + 1.5),
            "reached_share": (dims, np.where(np.isnan(delay), np.nan, 0.8)),
            "reached_share_chance": (dims, np.where(np.isnan(delay), np.nan, 0.4)),
            "n_onsets": (dims, np.full(shape, 21.0)),
            "n_under_way": (dims, np.full(shape, 2.0)),
            "n_obs": (dims, np.full(shape, 252)),
            "status": (dims, np.where(np.isnan(delay), 1, 0).astype(np.int8)),
        },
        coords=coords,
    )
    return label(ds, method="onset_delay")


def pattern_of(regions: list[str], n_layers: int, coords: Any) -> xr.Dataset:
    shape = (len(regions), n_layers)
    mean = RNG.normal(0, 0.4, shape)
    effect = RNG.normal(0, 0.4, (len(regions), len(DRIVERS), n_layers))
    size = (np.abs(effect)[..., None] >= [0.1, 0.3, 0.5]).sum(-1)
    per, full = ("region", "depth"), ("region", "driver", "depth")
    ds = xr.Dataset(
        {
            "state": (per, np.where(abs(mean) < 0.05, 0, np.sign(mean)).astype(np.int8)),
            "state_mean": (per, mean),
            "deficit_share": (per, np.full(shape, 0.6)),
            "surplus_share": (per, np.full(shape, 0.4)),
            "tendency": (per, RNG.integers(-1, 2, shape).astype(np.int8)),
            "slope": (per, mean / 30),
            "p_value": (per, np.full(shape, 0.03)),
            "mean_slope": (per, mean / 31),
            "drying_share": (per, np.full(shape, 0.3)),
            "wetting_share": (per, np.full(shape, 0.1)),
            "state_pattern": (("region",), np.array(["deficit -> surplus"] * len(regions), object)),
            "tendency_pattern": (
                ("region",),
                np.array(["wetting -> drying"] * len(regions), object),
            ),
            "n_obs": (per, np.full(shape, 200)),
            "status": (per, np.zeros(shape, np.int8)),
            "effect_mean": (full, effect),
            "effect": (full, (np.sign(effect) * size).astype(np.int8)),
            "effect_pattern": (
                ("region", "driver"),
                np.full((len(regions), len(DRIVERS)), "strong positive -> none", dtype=object),
            ),
        },
        coords=coords
        | {"region": np.array(regions, dtype=object), "driver": np.array(DRIVERS, dtype=object)},
    )
    return label(ds, units="1", method="depth_pattern")


def recovery_of(n_layers: int, coords: Any, *, drivers: bool) -> xr.Dataset:
    lead = (len(DRIVERS), n_layers) if drivers else (n_layers,)
    dims = ("driver", "depth") if drivers else ("depth",)
    edges = np.linspace(-0.002, 0.002, 62)
    x = (edges[1:] + edges[:-1]) / 2
    near = np.exp(-(((x[:, None] - x[None, :]) / 0.0002) ** 2)) * 300
    density = np.broadcast_to(near.astype(int), (*lead, 61, 61))
    edge_dims, edge = (
        (("driver", "edge"), np.tile(edges, (3, 1))) if drivers else (("edge",), edges)
    )
    ds = xr.Dataset(
        {
            "coverage_planted": (dims, np.full(lead, 0.951)),
            "detected_share": (dims, np.full(lead, 0.7)),
            "false_positive_share": (dims, np.full(lead, 0.048)),
            "n_planted": (dims, np.full(lead, 900)),
            "n_null": (dims, np.full(lead, 600)),
            "n_obs": (dims, np.full(lead, 1500)),
            "bias": (dims, np.full(lead, 1e-6)),
            "rmse": (dims, np.full(lead, 2e-4)),
            "correlation": (dims, np.full(lead, 0.97)),
            "coverage_planted_pooled": 0.951,
            "false_positive_share_pooled": 0.048,
            "density": ((*dims, "planted_bin", "recovered_bin"), density),
            "bin_edge": (edge_dims, edge),
        },
        coords=coords | ({"driver": np.array(DRIVERS, dtype=object)} if drivers else {}),
        attrs={"method": "recovery"},
    )
    ds["rmse"].attrs["units"] = "m3 m-3 year-1"
    return ds


def source(**more: Any) -> dict[str, Any]:
    return {
        "name": "moisture", "product": "table", "title": "Made-up moisture", "source": "made up",
        "synthetic": False, "lineage": ["ERA5-Land"], "files": ["moisture.nc"],
        "resolution": "", "period": ["1979-01-01", "2022-12-01"],
        "preparation": ["daily values to calendar months (at least 80% of the days)"],
        "variables": {
            "soil_moisture": {
                "units": "m3 m-3", "source_units": "%", "source_name": "sm",
                "counts": {"n": 1000, "missing": 20, "infinite": 0, "below": 3, "above": 0,
                           "lowest": -0.01, "highest": 0.48},
            }
        },
    } | more  # fmt: skip


@pytest.fixture(scope="session")
def grid_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_grid_study(tmp_path_factory.mktemp("grid"))


@pytest.fixture(scope="session")
def site_study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_site_study(tmp_path_factory.mktemp("sites"))


INDEX = {"by": "month", "reference": "own", "method": "zscore", "ddof": 1}
TREND = {"correction": "prewhiten", "confidence": 0.95, "season": None, "min_obs": 10}
DRIVER = {"driver_anomaly": "month", "errors": "hac", "detrend": False, "alpha": 0.05}


def write_grid_study(root: Path, *, ny: int = 24, nx: int = 20, n_layers: int = 5) -> Path:
    """Write a grid of two zones, synthetic, 21 years."""
    folder = Folder(root)
    lat, lon = np.linspace(39.3, 36.9, ny), np.linspace(104.5, 106.9, nx)
    inside = (np.add.outer(np.arange(ny), np.arange(nx)) > 12) & (
        np.add.outer(np.arange(ny), np.arange(nx)) < ny + nx - 10
    )
    zone = np.where(inside, (np.arange(ny)[:, None] > ny // 2) * 1, -1).astype(np.int8)
    grid = {
        "latitude": ("latitude", lat, {"units": "degrees_north"}),
        "longitude": ("longitude", lon, {"units": "degrees_east"}),
    }
    deep = layers(tuple(float(10 * k) for k in range(n_layers + 1)))
    months = pd.date_range("2000-01", periods=252, freq="MS")
    years = pd.date_range("2000", periods=21, freq="YS")
    yx, shape = ("latitude", "longitude"), (n_layers, ny, nx)

    def masked(ds: xr.Dataset) -> xr.Dataset:
        keep = xr.DataArray(inside, dims=yx)
        return ds.map(lambda v: v.where(keep) if v.dtype.kind == "f" else v, keep_attrs=True)

    moisture = RNG.normal(0.25, 0.02, (252, n_layers, ny, nx)).astype("f4")
    cube = xr.Dataset(
        {
            "soil_moisture": (("time", "depth", *yx), moisture, {"units": "m3 m-3"}),
            "zone": (yx, zone, flag_attrs(("Yinchuan_Plain", "Weining_Plain"))),
        },
        coords={"time": months} | deep | grid,
    )
    folder.add("cube", "cube", masked(cube), sources=(source(synthetic=True),))
    mean = smooth(0.5, shape) + np.linspace(-0.8, 0.8, n_layers)[:, None, None]
    state = xr.Dataset({"ssmi": (("depth", *yx), mean)}, coords=deep | grid)
    folder.add("index", "standardize", state, inputs={"da": "soil_moisture"},
               options=INDEX | {"reference": "pooled_profile"})  # fmt: skip
    folder.add("state", "index_state", masked(label(state)), inputs={"ssmi": "index"})
    trend = trend_of(("depth", *yx), shape, deep | grid)
    folder.add("annual", "composite", masked(state), inputs={"da": "index"})
    folder.add("trend", "trend", masked(trend), inputs={"da": "annual"}, options=TREND,
               warnings=("12 cells have fewer than 10 years.",))  # fmt: skip
    folder.add("trend_fdr", "adjust_p_values", masked(adjusted_of(trend)),
               inputs={"p": "trend.p_value"}, options={"method": "bh"})  # fmt: skip
    drivers = drivers_of(("depth", *yx), shape, deep | grid)
    folder.add("drivers", "partial_regression", masked(drivers), options=DRIVER,
               inputs={"y": "index", "drivers": list(DRIVERS)})  # fmt: skip
    folder.add("drivers_fdr", "adjust_p_values", masked(adjusted_of(drivers)),
               inputs={"p": "drivers.p_value"}, options={"method": "bh"})  # fmt: skip
    regions = {"region": np.array(["Yinchuan Plain", "Weining Plain"], dtype=object)}
    series = RNG.normal(0, 0.6, (2, n_layers, 21))
    regional = xr.Dataset(
        {
            "ssmi": (("region", "depth", "time"), series),
            "area_share": (("region", "depth", "time"), np.ones(series.shape)),
            "n_obs": (("region", "depth", "time"), np.full(series.shape, 200)),
        },
        coords=regions | deep | {"time": years},
    )
    folder.add("regional", "regional_mean", label(regional),
               inputs={"da": "annual", "regions": "zone"})  # fmt: skip
    regional_trend = trend_of(("region", "depth"), (2, n_layers), regions | deep)
    folder.add("regional_trend", "trend", regional_trend, inputs={"da": "regional"}, options=TREND)
    events = events_of(("depth", *yx), shape, deep | grid)
    folder.add("events", "drought_events", masked(events), inputs={"ssmi": "index"},
               options={"threshold": -1.0, "end_threshold": None, "min_duration": 2})  # fmt: skip
    delays = onsets_of(("depth", *yx), shape, deep | grid)
    folder.add("onsets", "onset_delay", masked(delays), inputs={"ssmi": "index"},
               options={"threshold": -1.0, "end_threshold": None, "max_delay": 6})  # fmt: skip
    pattern = pattern_of(["Yinchuan Plain", "Weining Plain"], n_layers, deep)
    folder.add("depths", "depth_pattern", pattern,
               inputs={"state": "state", "trend": "trend", "effects": "drivers",
                       "regional_trend": "regional_trend", "regions": "zone"},
               options={"dead_band": 0.05, "alpha": 0.05},
               warnings=("A mean against 'pooled' is zero over the region.",))  # fmt: skip
    found = recovery_of(n_layers, deep, drivers=False)
    folder.add("trend_recovery", "recovery", found, options={"variable": "slope", "alpha": 0.05},
               inputs={"estimate": "trend", "truth": "true_slope"})  # fmt: skip
    found = recovery_of(n_layers, deep, drivers=True)
    folder.add("driver_recovery", "recovery", found, options={"variable": "coefficient"},
               inputs={"estimate": "drivers", "truth": "true_coefficient"})  # fmt: skip
    return folder.finish(title="Oasis <of> two plains & more", synthetic=True)


def write_site_study(root: Path, *, n_sites: int = 6, n_years: int = 40) -> Path:
    """Write sites with four layers of unequal thickness."""
    folder = Folder(root)
    names = [f"camels_{1000 + k}" for k in range(n_sites)]
    sites = {
        "site": np.array(names, dtype=object),
        "latitude": ("site", np.linspace(46.0, 49.5, n_sites)),
        "longitude": ("site", 6.0 + np.arange(n_sites) ** 2 / 10),
    }
    deep = layers((0.0, 7.0, 28.0, 100.0, 289.0))
    months = pd.date_range("1981-01", periods=12 * n_years, freq="MS")
    years = pd.date_range("1981", periods=n_years, freq="YS")
    moisture = RNG.normal(0.3, 0.03, (12 * n_years, 4, n_sites)).astype("f4")
    cube = xr.Dataset(
        {"soil_moisture": (("time", "depth", "site"), moisture, {"units": "m3 m-3"})},
        coords=sites | deep | {"time": months},
    )
    folder.add("cube", "cube", cube, sources=(source(),))
    index = xr.Dataset({"ssmi": (("time", "depth", "site"), moisture)}, coords=cube.coords)
    folder.add("index", "standardize", label(index), inputs={"da": "soil_moisture"}, options=INDEX)
    series = RNG.normal(0, 0.7, (n_years, 4, n_sites))
    series[0, :, 1] = np.nan
    annual = xr.Dataset(
        {"ssmi": (("time", "depth", "site"), series)}, coords=sites | deep | {"time": years}
    )
    folder.add("annual", "composite", label(annual), inputs={"da": "index"})
    trend = trend_of(("depth", "site"), (4, n_sites), sites | deep)
    trend["slope"][3, 0] = trend["p_value"][3, 0] = np.nan
    trend["status"][3, 0] = STATUS.index("negative_variance")
    other = trend.copy(deep=True)
    trend["p_value"][:2, 3] = 0.01
    other["p_value"][:2, 3] = np.array([0.2, 0.02])
    trend["p_value_uncorrected"][:2, 3] = 0.005
    folder.add("trend", "trend", trend, inputs={"da": "annual"}, options=TREND)
    folder.add(
        "trend_again", "trend", other, inputs={"da": "annual"},
        options=TREND | {"correction": "hamed_rao"},
    )  # fmt: skip
    drivers = drivers_of(("depth", "site"), (4, n_sites), sites | deep)
    folder.add("drivers", "partial_regression", drivers, options=DRIVER,
               inputs={"y": "index", "drivers": list(DRIVERS)})  # fmt: skip
    events = events_of(("depth", "site"), (4, n_sites), sites | deep)
    folder.add("events", "drought_events", events, inputs={"ssmi": "index"},
               options={"threshold": -1.0, "end_threshold": -0.5})  # fmt: skip
    for lag in (1, 3):
        lagged = drivers_of(("depth", "site"), (4, n_sites), sites | deep)
        folder.add(f"drivers_{lag}", "partial_regression", lagged,
                   options=DRIVER | {"lags": {"precipitation": lag}},
                   inputs={"y": "index", "drivers": list(DRIVERS)})  # fmt: skip
    wet = xr.Dataset(
        {"soil_moisture": (("time", "depth", "site"), 0.3 + 0.02 * series, {"units": "m3 m-3"})},
        coords=annual.coords,
    )
    folder.add("annual_moisture", "composite", wet, inputs={"da": "soil_moisture"})
    own = trend_of(("depth", "site"), (4, n_sites), sites | deep, scale=2e-4)
    own["slope"].attrs["units"] = "m3 m-3 year-1"
    folder.add("moisture_trend", "trend", own, inputs={"da": "annual_moisture"}, options=TREND)
    delays = onsets_of(("depth", "site"), (4, n_sites), sites | deep)
    folder.add("onsets", "onset_delay", delays, inputs={"ssmi": "index"},
               options={"threshold": -1.0, "end_threshold": None, "max_delay": 6})  # fmt: skip
    values = smooth(0.05, (1200, 4)) + 0.3
    product = xr.DataArray(
        values.reshape(200, 6, 4)[:, :n_sites], dims=("time", "site", "depth"),
        coords=sites | deep | {"time": months[:200]},
        attrs={"units": "m3 m-3", "lineage": '["ERA5-Land"]'},
    )  # fmt: skip
    other = (product + RNG.normal(0, 0.02, product.shape)).assign_attrs(product.attrs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", SoilscopeWarning)
        pooled = pooled_agreement(product, other, rng=0)
    folder.add("pooled", "pooled_agreement", pooled, options={"sample": 1000, "rng": 0},
               inputs={"product": "soil_moisture", "reference": "other_moisture"})  # fmt: skip
    recent = xr.Dataset({"ssmi": (("depth", "site"), RNG.normal(0, 0.5, (4, n_sites)))},
                        coords=sites | deep)  # fmt: skip
    folder.add("state", "index_state", label(recent), inputs={"ssmi": "index"})
    return folder.finish(title="Six catchments in four depths")
