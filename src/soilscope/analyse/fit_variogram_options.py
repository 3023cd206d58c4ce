"""Models and weights of a variogram fit, and the lags of the fitted curve."""

from collections.abc import Mapping, Sequence
from typing import Literal, get_args

import numpy as np
import xarray as xr

from soilscope.checks import require_choice
from soilscope.errors import InputError
from soilscope.kernels import variogram_fit as kernel

Model = Literal["linear", "linear_to_sill", "spherical", "exponential", "gaussian", "matern"]
Weights = Literal["equal", "n_pairs", "n_pairs_over_h2"]
Select = Literal["rss", "wss", "aicc"]
SMOOTHNESS = (0.5, 1.5, 2.5)  # of the Matern model: those with a closed form

#: Model -> its code in the kernel, and its parameters.
CODES: Mapping[str, tuple[int, int]] = {
    "linear": (kernel.LINEAR, 2),
    "linear_to_sill": (kernel.LINEAR_TO_SILL, 3),
    "spherical": (kernel.SPHERICAL, 3),
    "exponential": (kernel.EXPONENTIAL, 3),
    "gaussian": (kernel.GAUSSIAN, 3),
    "matern": (kernel.MATERN, 3),
}
_PARTS = ("semivariance", "distance", "n_pairs")
N_FITTED = 101  # lags of the fitted curve


def practical(model: str, smoothness: float) -> float:
    """Return the effective range in range parameters: where 95 % of the partial sill is reached.

    By convention 3 for the exponential and sqrt(3) for the Gaussian model (95.02 % both).
    """
    if model == "matern":
        return {0.5: 3.0, 1.5: 4.743864518350493, 2.5: 5.918309551096206}[smoothness]
    return {"exponential": 3.0, "gaussian": float(np.sqrt(3.0))}.get(model, 1.0)


def chosen_models(models: Sequence[str]) -> tuple[str, ...]:
    """Return the models as given; refuse none, unknown ones and doubles."""
    given = (models,) if isinstance(models, str) else tuple(models)
    if not given:
        raise InputError("models is empty; give one or more, as in ['spherical', 'exponential'].")
    for model in given:
        require_choice(model, get_args(Model), name="models")
    if len(set(given)) < len(given):
        raise InputError(f"models names one twice: {', '.join(given)}.")
    return given


def require_variogram(vg: xr.Dataset) -> None:
    """Refuse what is not a result of `variogram`."""
    if not isinstance(vg, xr.Dataset):
        raise InputError(
            f"vg is a {type(vg).__name__}; give the Dataset that soilscope.variogram returns."
        )
    lost = [name for name in _PARTS if name not in vg]
    if lost or "lag" not in vg[_PARTS[0]].dims or "lag_high" not in vg.coords:
        what = f"no variable {lost[0]!r}" if lost else "no dimension 'lag' with 'lag_high'"
        raise InputError(f"vg has {what}; give the Dataset that soilscope.variogram returns.")
    for name in _PARTS:
        chunks = vg[name].variable.chunksizes.get("lag", ())
        if len(chunks) > 1:
            raise InputError(
                f"vg is split into {len(chunks)} chunks along 'lag'; use vg.chunk(lag=-1)."
            )
