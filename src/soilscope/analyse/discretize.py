"""Cut numbers into classes: the strata of a geographical detector."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import xarray as xr

from soilscope.analyse.detector_sample import Array, Dim, Floats, over_sample, sample_dims
from soilscope.checks import require_between, require_choice
from soilscope.errors import InputError
from soilscope.kernels import discretize as kernel
from soilscope.kernels import discretize_compat as compat_kernel
from soilscope.labelled import Output, label, spatial_dims
from soilscope.names import CONSTANT, NO_DATA, OK, flag_attrs

Classing = Literal["equal", "quantile", "natural", "geometric", "sd", "sectors"]
Package = Literal["GD", "gdverse"]
MOST_CLASSES = 1000
REFERENCES = "Fisher (1958) doi:10.1080/01621459.1958.10501479; Song et al. (2020) "
REFERENCES += "doi:10.1080/15481603.2020.1760434"


def discretize(
    x: xr.DataArray,
    *,
    method: Classing,
    n_classes: int,
    dim: Dim = None,
    compat: Package | None = None,
) -> xr.Dataset:
    """Cut the values of a factor into classes, all cells of a field together.

    A class is closed on the right, and the first holds the smallest value too. Edges that fall
    together are merged, so that fewer classes than asked for may come out.

    Parameters
    ----------
    x : DataArray
        Numbers on a grid, on sites or along `dim`; other dimensions (time) are cut one by one.
    method : {"equal", "quantile", "natural", "geometric", "sd", "sectors"}
        Classes of one width; of one count (quantiles of type 7); with the least sum of squares
        (exact, all values count); of one ratio (values that are not all positive are raised to
        start at 1); one standard deviation wide about the mean; or equal sectors of a circle in
        degrees, the first about 0 (north).
    n_classes : int
        Classes asked for, 2 to 1000.
    dim : str or list of str, optional
        Dimensions that are cut together; those in space by default, or all if there are none.
    compat : None, "GD" or "gdverse"
        Take the edges of these R packages instead: see the documentation for what they do.

    Returns
    -------
    Dataset
        `codes`: the class of each cell, from 0 (int16, -1 where `x` is missing or infinite);
        `breaks` (dim `edge`, units of `x`): the edges from the smallest value to the largest, NaN
        behind the last; the first two are one where a natural class holds nothing but the smallest
        value; `n_obtained`: classes that have members; `n_obs`: cells with a value;
        `status`: `no_data`, `constant` (one value only: one class), or `ok`.

    Raises
    ------
    InputError
        If `x` holds no numbers, or a method, package or number of classes is out of range.

    References
    ----------
    Fisher (1958), doi:10.1080/01621459.1958.10501479; Song et al. (2020),
    doi:10.1080/15481603.2020.1760434.

    Examples
    --------
    >>> import xarray as xr
    >>> from soilscope import discretize
    >>> x = xr.DataArray([1.0, 2.0, 3.0, 10.0, 11.0, 30.0], dims="site")
    >>> classes = discretize(x, method="natural", n_classes=3)
    >>> classes.codes.values.tolist(), classes.breaks.values.tolist()
    ([0, 0, 0, 1, 1, 2], [1.0, 3.0, 11.0, 30.0])
    """
    require_choice(method, (*kernel.METHODS, "sectors"), name="method")
    require_choice(compat, (None, "GD", "gdverse"), name="compat")
    require_classes([n_classes], name="n_classes")
    if isinstance(x, xr.DataArray) and dim is None and x.dims and not spatial_dims(x):
        dim = x.dims
    dims = sample_dims(x, dim, name="x")
    cutter = Cutter(method, int(n_classes), compat)
    outputs = {
        "codes": Output("i2", tuple(map(str, dims)), tuple(x.sizes[d] for d in dims)),
        "breaks": Output("f8", "edge", cutter.n_edges),
        "n_obtained": Output("i4"),
        "n_obs": Output("i8"),
        "status": Output("i1"),
    }
    ds = over_sample(cutter, x, {}, dims=dims, outputs=outputs, codes=False)
    ds["codes"] = ds["codes"].transpose(*x.dims)
    classes = tuple(f"class_{i + 1}" for i in range(cutter.n_edges - 1))
    ds["codes"].attrs |= flag_attrs(("missing", *classes), first=-1)
    options = {"method": method, "n_classes": int(n_classes), "compat": compat}
    return label(
        ds,
        units=x.attrs.get("units"),
        method="discretize",
        options=json.dumps(options),
        references=REFERENCES,
    )


@dataclass(frozen=True)
class Cutter:
    """One method and number of classes, applied to a field."""

    method: str
    n_classes: int
    compat: str | None

    @property
    def n_edges(self) -> int:
        """Most edges that can come out."""
        # GD goes on asking for quantiles, or for steps, and may get a class or two too many
        return self.n_classes + 1 + (2 if self.compat == "GD" else 0)

    def __call__(self, field: Floats, _: list[Array]) -> tuple[Any, ...]:
        """Return codes, edges, classes with members, values, and status."""
        kept = np.isfinite(field)
        codes = np.full(field.shape, -1, dtype=np.int16)
        breaks = np.full(self.n_edges, np.nan)
        values = field[kept]
        if values.size == 0:
            return codes, breaks, np.int32(0), np.int64(0), np.int8(NO_DATA)
        if self.method == "sectors":
            edges, codes[kept] = self._sectors(values)
        else:
            edges = self._edges(values)
            right = compat_kernel.closed_right(self.method, self.compat)
            codes[kept] = kernel.cut(values, edges, right=right)
        breaks[: edges.size] = edges[: breaks.size]
        obtained = np.unique(codes[kept]).size
        constant = bool(values.min() == values.max())
        status = np.int8(CONSTANT if constant else OK)
        return codes, breaks, np.int32(obtained), np.int64(values.size), status

    def _edges(self, values: Floats) -> Floats:
        x = kernel.Sorted(np.sort(values))
        if x.low == x.high:
            return np.array([x.low, x.high])
        ks = [self.n_classes]
        if self.compat is None:
            return kernel.edges_of(x, self.method, ks)[self.n_classes]
        return compat_kernel.edges_of(x, self.method, ks, self.compat)[self.n_classes]

    def _sectors(self, values: Floats) -> tuple[Floats, Array]:
        width = 360.0 / self.n_classes
        edges = (width * (np.arange(self.n_classes + 1) - 0.5)).astype(np.float64)
        # closed on the right: north-east begins just behind its edge
        sector = np.ceil((values % 360.0) / width - 0.5).astype(np.int64) % self.n_classes
        return edges, sector.astype(np.int16)


def numbers_of_classes(n_classes: int | Sequence[int]) -> tuple[int, ...]:
    """Return rising numbers of classes, each once."""
    asked = list(n_classes) if isinstance(n_classes, Iterable) else [n_classes]
    if not asked:
        raise InputError("n_classes is empty; give at least one number of classes, as in [4].")
    require_classes(asked, name="a number in n_classes")
    return tuple(sorted({int(n) for n in asked}))


def require_classes(numbers: list[int], *, name: str) -> None:
    """Refuse numbers of classes that are no whole numbers from 2 to 1000."""
    for n in numbers:
        if isinstance(n, bool) or not isinstance(n, int | np.integer):
            raise InputError(f"{name} is {n!r}; give a whole number of classes, as in 5.")
        require_between(int(n), 2, MOST_CLASSES, name=name)
