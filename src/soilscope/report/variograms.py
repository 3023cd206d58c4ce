"""Semivariograms as the report reads them: panels of points, each with its best model."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from soilscope.report.fields import date_names
from soilscope.report.reading import PLACES, Study, place_names
from soilscope.report.words import STATUS, flags

PARAMETERS = (
    "nugget", "sill", "structural_proportion", "nugget_ratio", "effective_range",
    "range_parameter", "r_squared", "rss", "sill_ratio", "aicc",
)  # fmt: skip
#: Ends of 95 % intervals, which are there where resamples were asked for.
BOUNDS = tuple(
    f"{name}_{end}"
    for name in ("effective_range", "nugget", "sill", "structural_proportion")
    for end in ("low", "high")
)
#: Dimensions inside a panel.
_WITHIN = ("lag", "azimuth", "model", "fitted_lag", "lag_north", "lag_east")
_MODELS = {"gaussian": "Gaussian", "matern": "Matérn"}
Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Fit:
    """The best model of one semivariogram."""

    model: str
    values: Mapping[str, float]  # PARAMETERS, and BOUNDS where there are any -> value
    rss: Mapping[str, float]  # every model -> its sum of squares
    lag: Array  # m
    curve: Array
    at_bound: bool
    beyond: bool

    @property
    def range(self) -> float:
        """Effective range in m; NaN where the data hold none."""
        return np.nan if self.at_bound else self.values["effective_range"]

    @property
    def certain(self) -> bool:
        """Whether there is a range, and within the data."""
        return bool(np.isfinite(self.range)) and not self.beyond

    @property
    def note(self) -> str:
        """Why the range is to be doubted."""
        if not np.isfinite(self.values["effective_range"]):
            return "no range"
        if self.at_bound:
            return "no range: the search ended at its bound"
        return "beyond" if self.beyond else ""


@dataclass(frozen=True)
class Series:
    """One semivariogram: its points on `lag`, and its fit."""

    azimuth: float | None
    points: xr.Dataset | None
    fit: Fit | None
    status: str


@dataclass(frozen=True)
class Panel:
    """The semivariograms of a field, in one or more directions."""

    part: str  # layer or region, where there are dates too
    name: str  # date, else layer, else empty
    series: tuple[Series, ...]

    @property
    def known(self) -> bool:
        """Whether there is anything to draw."""
        return any(one.fit or has_points(one.points) for one in self.series)

    @property
    def label(self) -> str:
        """Date and layer."""
        return ", ".join(word for word in (self.name, self.part) if word)


def is_fitted(study: Study, name: str) -> bool:
    """Whether models were fitted to the semivariograms `name`."""
    return any(source_of(study, other) == name for other in study.of_step("fit_variogram"))


def parts_of(study: Study, name: str) -> tuple[xr.Dataset | None, xr.Dataset | None]:
    """Return semivariograms and models of the result `name`, of whichever of both steps."""
    if study.records[name].step == "variogram":
        return _whole(study, name), None
    source = source_of(study, name)
    points = _whole(study, source) if source in study.analyses else None
    return points, study.data(name).load()


def _whole(study: Study, name: str) -> xr.Dataset:
    """Return semivariograms without those of the tiles that their intervals are made of."""
    return study.data(name).drop_dims("tile", errors="ignore").load()


def source_of(study: Study, name: str) -> str:
    """Name of the semivariograms that models were fitted to."""
    return str(study.records[name].inputs.get("vg")).split(".")[0]


def panels_of(study: Study, name: str) -> list[Panel]:
    """Every panel of a result: dates (or layers) within regions and layers."""
    points, fits = parts_of(study, name)
    ds = points if fits is None else fits
    if ds is None:
        return []
    found = []
    for part, label, here in _walk(study, ds):
        one, fit = (None if d is None else d.isel(here) for d in (points, fits))
        found.append(Panel(part, label, _series(one, fit)))
    return found


@dataclass(frozen=True)
class LagMap:
    """One map of semivariances, on `lag_north` and `lag_east`."""

    part: str
    name: str
    ds: xr.Dataset

    @property
    def label(self) -> str:
        """Date and layer."""
        return ", ".join(word for word in (self.name, self.part) if word)


def lag_maps_of(study: Study, name: str) -> list[LagMap]:
    """Every map of a result that has pairs, in the order of panels."""
    ds = study.data(name).load()
    every = [LagMap(part, label, ds.isel(here)) for part, label, here in _walk(study, ds)]
    return [one for one in every if bool(one.ds["semivariance"].notnull().any())]


def _walk(study: Study, ds: xr.Dataset) -> Iterator[tuple[str, str, dict[str, int]]]:
    """Yield (layer or region, date, position) of every field that a result is about."""
    dims = [str(d) for d in ds.dims if d not in _WITHIN]
    along = next((d for d in ("time", "depth") if d in dims), dims[0] if dims else None)
    others = [d for d in dims if d != along]
    words = {d: _words(study, ds, d) for d in dims}
    for at in np.ndindex(*(ds.sizes[d] for d in others)):
        here = dict(zip(others, map(int, at), strict=True))
        part = ", ".join(words[d][k] for d, k in here.items())
        if along is None:
            yield part, "", here
            continue
        for k in range(ds.sizes[along]):
            yield part, words[along][k], here | {along: k}


def _words(study: Study, ds: xr.Dataset, dim: str) -> list[str]:
    if dim == "time":
        return date_names(ds["time"])
    if dim == "depth":
        return study.layers(ds)
    if dim in PLACES:
        return place_names(ds)
    values = ds[dim].values if dim in ds.coords else np.arange(1, ds.sizes[dim] + 1)
    return [f"{dim} {v}" for v in values]


def _series(points: xr.Dataset | None, fits: xr.Dataset | None) -> tuple[Series, ...]:
    whole = points if fits is None else fits
    if whole is None:
        return ()
    if "azimuth" not in whole.dims:
        return (_one(None, points, fits),)
    return tuple(
        _one(float(a), *(None if d is None else d.isel(azimuth=k) for d in (points, fits)))
        for k, a in enumerate(whole["azimuth"].values)
    )


def _one(azimuth: float | None, points: xr.Dataset | None, fits: xr.Dataset | None) -> Series:
    ds = points if fits is None else fits
    if ds is None:
        return Series(azimuth, None, None, "no data")
    word = flags(ds["status"]).get(int(ds["status"]), "ok")
    status = STATUS.get(word.replace(" ", "_"), word)
    return Series(azimuth, points, None if fits is None else _best(fits), status)


def _best(fits: xr.Dataset) -> Fit | None:
    k = int(fits["best_model"])
    if k < 0:
        return None
    one = fits.isel(model=k)
    names = [model_word(m) for m in fits["model"].values]
    return Fit(
        names[k],
        {v: float(one[v]) for v in (*PARAMETERS, *BOUNDS) if v in one},
        dict(zip(names, map(float, fits["rss"].values), strict=True)),
        np.asarray(one["fitted_lag"].values),
        np.asarray(one["fitted"].values),
        at_bound=int(one["range_at_bound"]) == 1,
        beyond=int(one["range_beyond_data"]) == 1,
    )


def has_points(points: xr.Dataset | None) -> bool:
    """Whether a semivariogram has any class with pairs."""
    return points is not None and bool(points["semivariance"].notnull().any())


def model_word(model: str) -> str:
    """'Gaussian', 'spherical', 'linear to sill'."""
    return _MODELS.get(str(model), str(model).replace("_", " "))


def told(ds: xr.Dataset) -> dict[str, Any]:
    """Options that a result was made with, those that a style chose among them."""
    return dict(json.loads(ds.attrs.get("options") or "{}"))
