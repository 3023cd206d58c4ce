"""DOIs of a result, as the methods name them."""

import xarray as xr


def dois(ds: xr.Dataset) -> str:
    """DOIs that a result names, joined.

    >>> dois(xr.Dataset(attrs={"references": "A (1970) doi:10.1/a; B (1980), doi:10.1/b."}))
    'doi:10.1/a; doi:10.1/b'
    """
    words = str(ds.attrs.get("references", "")).replace(";", " ").split()
    return "; ".join(dict.fromkeys(w.strip(",.") for w in words if w.startswith("doi:")))
