"""What a study's references stand for: a variable of the cube, or the result of an analysis."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any, TypeGuard

import xarray as xr

from soilscope.checks import nearest
from soilscope.errors import StudyError
from soilscope.study.factors import FACTORS, beside, spread, unlike, without_layer
from soilscope.study.store import CUBE

#: Variables that stand beside an estimate and are never meant by an analysis' bare name.
BESIDE = frozenset({"n_obs", "n_clipped", "n_negative", "status", "area_share"})

#: Coordinates of soil layers; those of an input with a suffix bear it too.
LAYERS = ("depth", "depth_top", "depth_bottom")

OpenResult = Callable[[str], xr.Dataset]


def split_reference(reference: str) -> tuple[str, str | None]:
    """Split 'analysis.variable' into its two parts; a bare name has no variable."""
    name, _, variable = reference.partition(".")
    return name, variable or None


def array_of(reference: str, results: Mapping[str, Any], open_result: OpenResult) -> xr.DataArray:
    """Return the one array that `reference` means."""
    name, variable = split_reference(reference)
    if name not in results:
        cube = open_result(CUBE)
        return _on_layers(cube[_known(reference, reference, cube)])
    ds = open_result(name)
    if variable is not None:
        return ds[_known(variable, reference, ds)]
    candidates = [str(v) for v in ds.data_vars if v not in BESIDE]
    if len(candidates) != 1:
        raise StudyError(
            f"{reference!r} holds {', '.join(candidates)}; say which, as in "
            f"'{name}.{candidates[0]}'."
        )
    return ds[candidates[0]]


def _on_layers(da: xr.DataArray) -> xr.DataArray:
    """Give the layers of an input with a suffix the names that every step knows."""
    own = next((str(d) for d in da.dims if str(d).startswith("depth_")), None)
    if own is None:
        return da
    suffix = own.removeprefix("depth")
    return da.rename({name + suffix: name for name in LAYERS if name + suffix in da.coords})


def _known(variable: str, reference: str, ds: xr.Dataset) -> str:
    if variable not in ds.data_vars:
        names = [str(v) for v in ds.data_vars]
        raise StudyError(
            f"{reference!r} is unknown; there are: {', '.join(names)}"
            f"{nearest(variable, names) or '.'}"
        )
    return variable


def resolve(
    function: Callable[..., Any],
    inputs: Mapping[str, str | list[str]],
    *,
    results: Mapping[str, Any],
    open_result: OpenResult,
) -> dict[str, xr.Dataset | xr.DataArray]:
    """Open what each data parameter of a step refers to.

    A list of references becomes a Dataset of arrays; a parameter that takes only a Dataset gets
    the whole result; every other parameter gets one array. Factors are brought to the dates of the
    response, and single soil layers to a first input without layers.
    """
    annotations = inspect.get_annotations(function, eval_str=True)
    opened: dict[str, xr.Dataset | xr.DataArray] = {}
    for parameter, reference in inputs.items():
        first = next(iter(opened.values()), None)
        if parameter in FACTORS and isinstance(first, xr.DataArray):
            given = [reference] if isinstance(reference, str) else reference
            opened[parameter] = _factors(given, first, results, open_result)
        elif isinstance(reference, list):
            arrays = {
                label: array_of(r, results, open_result).drop_vars("status", errors="ignore")
                for label, r in zip(_labels(reference), reference, strict=True)
            }
            opened[parameter] = xr.Dataset(arrays)
        elif takes_dataset_only(annotations.get(parameter)) and reference in results:
            opened[parameter] = open_result(reference)
        else:
            da = array_of(reference, results, open_result)
            opened[parameter] = without_layer(da, first) if _is_array(first) else da
    return opened


def _factors(
    references: list[str],
    y: xr.DataArray,
    results: Mapping[str, Any],
    open_result: OpenResult,
) -> xr.Dataset:
    """Open factors: all of those that an analysis put into classes, under their own names."""
    found: dict[str, xr.DataArray] = {}
    codes = [r.removesuffix(".codes") for r in references]  # a word that tells nothing of a factor
    for label, reference in zip(_labels(codes), references, strict=True):
        bare = reference in results and "codes" in open_result(reference)
        da = array_of(f"{reference}.codes" if bare else reference, results, open_result)
        for name, factor in spread(label, da.drop_vars("status", errors="ignore")).items():
            if name in found:
                raise StudyError(f"two factors are named {name!r}; name each of them once.")
            found[name] = beside(factor, y)
    return xr.Dataset(found)


def _labels(references: list[str]) -> list[str]:
    return unlike([split_reference(reference) for reference in references])


def _is_array(obj: Any) -> TypeGuard[xr.DataArray]:
    return isinstance(obj, xr.DataArray)


def takes_dataset_only(annotation: Any) -> bool:
    """Whether a parameter annotated so takes a Dataset and no DataArray."""
    kinds = set(getattr(annotation, "__args__", (annotation,)))
    return xr.Dataset in kinds and xr.DataArray not in kinds
