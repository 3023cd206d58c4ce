"""The options of an index, and the stamp that an index and its parameters carry."""

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, Literal

from soilscope.analyse.slots import By, Reference, period
from soilscope.checks import require_at_least, require_choice
from soilscope.errors import InputError

Method = Literal["zscore", "empirical", "kde", "gamma", "beta"]
Fit = Literal["ml", "thom"]

#: Why the values of many cells, each with a weight, cannot be one reference of these methods.
_NOT_POOLED = {
    "empirical": "weighs cells, which ranks cannot",
    "kde": "weighs cells, and a smoothed reference would have to keep every value of the region",
    "gamma": "mixes the distributions of many cells, which is none of this family",
    "beta": "mixes the distributions of many cells, which is none of this family",
}


@dataclass(frozen=True)
class IndexOptions:
    """What an index is made with; an index and its parameters carry it in their attributes."""

    by: By | None = "month"
    window: int | None = None
    reference: Reference = "own"
    method: Method = "zscore"
    ddof: int = 1
    min_years: int = 10
    fit: Fit = "ml"
    upper: float = 1.0

    def __post_init__(self) -> None:
        require_choice(self.by, ("month", "dayofyear", None), name="by")
        require_choice(self.method, ("zscore", "empirical", "kde", "gamma", "beta"), name="method")
        require_choice(self.fit, ("ml", "thom"), name="fit")
        self._require_reference()
        if self.ddof not in (0, 1):
            raise InputError(f"ddof is {self.ddof!r}; it must be 0 or 1.")
        require_at_least(self.min_years, 1, name="min_years")
        if self.fit != "ml" and self.method != "gamma":
            raise InputError(f"fit={self.fit!r} is for method='gamma' only; leave fit out.")
        if not (math.isfinite(self.upper) and self.upper > 0.0):
            raise InputError(f"upper is {self.upper!r}; it must be a number above 0.")
        if self.upper != 1.0 and self.method != "beta":
            raise InputError(f"upper={self.upper!r} is for method='beta' only; leave upper out.")

    def _require_reference(self) -> None:
        if isinstance(self.reference, str):
            require_choice(self.reference, ("own", "pooled", "pooled_profile"), name="reference")
        else:
            period(self.reference)
        if self.pooled and self.method in _NOT_POOLED:
            raise InputError(
                f"reference={self.reference!r} {_NOT_POOLED[self.method]}; use method='zscore', or "
                f"reference='own' or a period with method={self.method!r}."
            )

    @property
    def pooled(self) -> bool:
        """Whether all cells share one reference."""
        return isinstance(self.reference, str) and self.reference != "own"

    @property
    def core(self) -> str:
        """Name of the dimension of slots inside this module."""
        return self.by or "slot"

    def attrs(self, baseline: str, weights: str | None = None) -> dict[str, Any]:
        """Return the stamp: what later code must know of an index."""
        stamp = {
            "reference": self.reference_text,
            "baseline": baseline,
            "by": self.by or "none",
            "method_index": self.method,
            "ddof": self.ddof,
            "min_years": self.min_years,
        }
        extra = {
            "window": self.window,
            "weights": weights,
            "fit": self.fit if self.method == "gamma" else None,
            "upper": self.upper if self.method == "beta" else None,
        }
        return stamp | {key: value for key, value in extra.items() if value is not None}

    @property
    def reference_text(self) -> str:
        """The reference as one word: 'own', '2000/2009', 'pooled', 'pooled_profile'."""
        return (
            self.reference if isinstance(self.reference, str) else "/".join(period(self.reference))
        )

    def text(self, *, dim: str) -> str:
        """All options as JSON."""
        return json.dumps({"dim": dim} | asdict(self) | {"reference": self.reference_text})


def stored_options(attrs: Mapping[str, Any]) -> IndexOptions:
    """Read back the options from the stamp of an index or its parameters."""
    missing = [key for key in ("reference", "baseline", "by", "method_index") if key not in attrs]
    if missing:
        raise InputError(
            f"parameters has no attribute {missing[0]!r}; give the Dataset of index_parameters."
        )
    reference = str(attrs["reference"])
    window = attrs.get("window")
    return IndexOptions(
        by=None if attrs["by"] == "none" else attrs["by"],
        window=None if window is None else int(window),
        reference=tuple(reference.split("/")) if "/" in reference else reference,  # type: ignore[arg-type]
        method=attrs["method_index"],
        ddof=int(attrs["ddof"]),
        min_years=int(attrs["min_years"]),
        fit=attrs.get("fit", "ml"),
        upper=float(attrs.get("upper", 1.0)),
    )


def require_same(given: IndexOptions, stored: IndexOptions) -> None:
    """Refuse an option that was given and says something else than the stored parameters."""
    default = IndexOptions()
    for name in (field.name for field in fields(IndexOptions)):
        if name == "reference":
            one, other, usual = given.reference_text, stored.reference_text, default.reference_text
        else:
            one, other, usual = getattr(given, name), getattr(stored, name), getattr(default, name)
        if one not in (other, usual):
            raise InputError(
                f"{name} is {one!r}, but the parameters have {other!r}; leave {name} out, or "
                "make new parameters with index_parameters."
            )
