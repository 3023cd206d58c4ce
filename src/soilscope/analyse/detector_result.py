"""What results of the detectors share: their coordinates, and what is told of them."""

import json
import warnings
from collections.abc import Mapping

import numpy as np
import xarray as xr

from soilscope.analyse.detector_options import REFERENCES
from soilscope.analyse.detector_sample import MARK
from soilscope.errors import SoilscopeWarning
from soilscope.labelled import label
from soilscope.lineage import circular
from soilscope.names import flag_attrs


def factor_coords(
    y: xr.DataArray, factors: Mapping[str, xr.DataArray], *, stacklevel: int = 3
) -> dict[str, xr.Variable]:
    """Names of the factors, and marks of those that the response was made from (warned of)."""
    made_of = circular(y, {name: f for name, f in factors.items() if MARK not in f.attrs})
    if made_of:
        told = "; ".join(f"{name} ({names})" for name, names in made_of.items())
        warnings.warn(
            f"the response was made from factors, or from what they were made from: {told}; their "
            "association is partly built in.",
            SoilscopeWarning,
            stacklevel=stacklevel,
        )
    # classes that were chosen beside y bear its lineage too: what was marked before them counts
    marks = np.array([f.attrs.get(MARK, n in made_of) for n, f in factors.items()], dtype=np.int8)
    names = np.array(list(factors), dtype=object)
    return {
        "factor": xr.Variable("factor", names, {"long_name": "factor"}),
        "circular": xr.Variable("factor", marks, flag_attrs(("independent", "circular"))),
    }


def pair_coords(
    y: xr.DataArray, factors: Mapping[str, xr.DataArray], *, stacklevel: int = 4
) -> dict[str, xr.Variable]:
    """Names of the factors along both dimensions of a result on pairs of them."""
    coords = factor_coords(y, factors, stacklevel=stacklevel)
    names = xr.Variable("factor_2", coords["factor"].data, {"long_name": "other factor"})
    return coords | {"factor_2": names}


def told(
    ds: xr.Dataset,
    *,
    method: str,
    options: Mapping[str, object],
    assumes: str,
    references: str = REFERENCES,
) -> xr.Dataset:
    """Label a result, with the options that made it and what its p-values assume."""
    return label(
        ds,
        method=method,
        options=json.dumps(dict(options)),
        assumes=assumes,
        references=references,
    )
