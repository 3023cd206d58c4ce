"""Classes of land cover become the few strata of an analysis, and cells that change are found."""

import json
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import xarray as xr

from soilscope.checks import nearest, require_choice, require_dims, require_numeric
from soilscope.errors import InputError
from soilscope.labelled import label
from soilscope.lineage import inherit
from soilscope.names import COVER_STRATA

Array = npt.NDArray[Any]
Table = Mapping[int, str | None]

FOREST, GRASS, CROP, BARREN = COVER_STRATA
#: Code of the IGBP (0 is water in MCD12C1) -> stratum; the reasons stand in
#: docs/methods/land_cover.md.
IGBP_TABLE: Table = {
    0: None,
    1: FOREST,
    2: FOREST,
    3: FOREST,
    4: FOREST,
    5: FOREST,
    6: GRASS,
    7: GRASS,
    8: FOREST,
    9: GRASS,
    10: GRASS,
    11: None,
    12: CROP,
    13: None,
    14: CROP,
    15: None,
    16: BARREN,
    17: None,
}
_TABLES = {"igbp": IGBP_TABLE}
_NONE = -1
_SHOWN = 5


def cover_strata(
    land_cover: xr.DataArray,
    *,
    table: Literal["igbp"] | Table = "igbp",
    changes: Table | None = None,
) -> xr.DataArray:
    """Put classes of land cover into the strata forest, grass, crop and barren.

    Parameters
    ----------
    land_cover
        Codes of classes, of any shape; negative and NaN are missing.
    table
        "igbp" (MODIS LC_Type1: 1 to 17), or code -> "forest", "grass", "crop", "barren" or None
        for every code that the data hold.
    changes
        Codes that go elsewhere than `table` says, as in ``{6: "forest", 11: "grass"}``.

    Returns
    -------
    DataArray
        `cover_stratum`, int8: 0 forest, 1 grass, 2 crop, 3 barren, in ``flag_values`` and
        ``flag_meanings``; -1 where the code is missing or has no stratum (of the IGBP: water, snow
        and ice, urban, wetland). The attribute ``table`` tells what became of each code.

    Raises
    ------
    InputError
        If the data hold a code that the table does not know, or no codes at all (averages of
        them); of dask arrays, when they are computed.

    References
    ----------
    Sulla-Menashe and Friedl (2018), User Guide to Collection 6 MODIS Land Cover,
    https://doi.org/10.5067/MODIS/MCD12Q1.061

    Examples
    --------
    >>> codes = xr.DataArray([1, 10, 12, 16, 17, -1], dims="site")
    >>> cover_strata(codes).values.tolist()
    [0, 1, 2, 3, -1, -1]
    """
    require_numeric(land_cover, name="land_cover")
    known = _read_table(table, changes)
    strata = _mapped(land_cover, known).rename("cover_stratum")
    kept = {key: land_cover.attrs[key] for key in ("product",) if key in land_cover.attrs}
    ds = inherit(strata.to_dataset(), land_cover)
    told = {"table": json.dumps({str(code): name for code, name in sorted(known.items())})}
    return label(ds)["cover_stratum"].assign_attrs(kept | told)


def cover_changes(
    land_cover: xr.DataArray,
    *,
    table: Literal["igbp"] | Table = "igbp",
    changes: Table | None = None,
    dim: str = "time",
) -> xr.Dataset:
    """Find the cells whose stratum of land cover is not the same in all years.

    A change in the maps is not yet one of the land: errors of classes are larger than yearly
    change. Use it to leave cells out, or to give results with and without them.

    Parameters
    ----------
    land_cover
        Codes of classes along `dim`, one map a year; negative and NaN are missing.
    table, changes
        As in `cover_strata`. Classes without a stratum count as one of their own: from crop to
        urban is a change.
    dim
        Name of the dimension of the maps.

    Returns
    -------
    Dataset
        Without `dim`: `cover_changed`, int8: 0 same, 1 changed, -1 unknown (fewer than two maps
        with a code); `n_covers`, how many strata there were; `n_obs`, how many maps hold a code.

    Raises
    ------
    InputError
        As `cover_strata`, or if there is no dimension `dim`.

    Examples
    --------
    >>> codes = xr.DataArray([[10, 12, 12], [10, 12, 13], [10, 16, 13]], dims=("time", "site"))
    >>> cover_changes(codes).cover_changed.values.tolist()
    [0, 1, 1]
    """
    require_dims(land_cover, dim, name="land_cover")
    require_numeric(land_cover, name="land_cover")
    strata = _mapped(land_cover, _read_table(table, changes))
    is_there = (land_cover >= 0) & (land_cover < np.inf)
    n_obs = is_there.sum(dim)
    seen = [((strata == k) & is_there).any(dim) for k in range(_NONE, len(COVER_STRATA))]
    n_covers = sum((one.astype(np.int64) for one in seen[1:]), seen[0].astype(np.int64))
    changed = (n_covers > 1).astype(np.int8).where(n_obs >= 2, np.int8(_NONE))
    order = [d for d in land_cover.dims if d != dim]
    ds = xr.Dataset({"cover_changed": changed, "n_covers": n_covers, "n_obs": n_obs})
    return label(inherit(ds.transpose(*order), land_cover))


def _read_table(table: Any, changes: Any) -> dict[int, str | None]:
    """Return code -> stratum (None for none); refuse words that are no stratum."""
    if isinstance(table, str):
        require_choice(table, _TABLES, name="table")
        known = dict(_TABLES[table])
    else:
        known = _read_codes(table, "table")
    return known | ({} if changes is None else _read_codes(changes, "changes"))


def _read_codes(given: Any, name: str) -> dict[int, str | None]:
    if not isinstance(given, Mapping) or not given:
        raise InputError(
            f"{name} is {given!r}; map codes to strata, as in {{'12': crop, '17': null}}."
        )
    codes: dict[int, str | None] = {}
    for code, stratum in given.items():
        if not str(code).isdigit():
            raise InputError(f"{name} has the code {code!r}; codes are whole numbers from 0 on.")
        if stratum is not None and stratum not in COVER_STRATA:
            raise InputError(
                f"{name} maps {code} to {stratum!r}, which is none of {', '.join(COVER_STRATA)}, "
                f"nor null (no stratum){nearest(stratum, COVER_STRATA)}."
            )
        codes[int(code)] = stratum
    return codes


def _mapped(land_cover: xr.DataArray, table: Table) -> xr.DataArray:
    mapped: xr.DataArray = xr.apply_ufunc(
        _Lookup(table),
        land_cover,
        dask="parallelized",
        output_dtypes=[np.int8],
        keep_attrs=False,
    )
    return mapped


class _Lookup:
    """Codes -> numbers of strata; a class, so that dask can name it by its parts."""

    def __init__(self, table: Table) -> None:
        self.codes = np.array(sorted(table), np.int64)
        self.strata = np.array(
            [_NONE if (s := table[int(c)]) is None else COVER_STRATA.index(s) for c in self.codes],
            np.int8,
        )

    def __call__(self, block: Array) -> Array:
        is_there = np.isfinite(block) & (block >= 0)
        code = np.where(is_there, block, self.codes[0])
        at = np.minimum(np.searchsorted(self.codes, code), self.codes.size - 1)
        unknown = np.unique(code[self.codes[at] != code])
        if unknown.size:
            self._refuse(unknown)
        return np.where(is_there, self.strata[at], np.int8(_NONE)).astype(np.int8)

    def _refuse(self, unknown: Array) -> None:
        listed = ", ".join(f"{code:g}" for code in unknown[:_SHOWN])
        listed += " ..." if unknown.size > _SHOWN else ""
        if (unknown % 1).any():
            raise InputError(
                f"land_cover holds {listed}, and these are no codes: classes cannot be averaged; "
                "move them to another grid by how='nearest' or 'majority'."
            )
        raise InputError(
            f"land_cover holds the codes {listed}, which the table does not know "
            f"({', '.join(map(str, self.codes))}); say where they belong, as in changes={{"
            f"{unknown[0]:g}: 'grass'}}, or {{{unknown[0]:g}: None}} for no stratum."
        )
