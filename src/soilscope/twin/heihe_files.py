"""The Heihe twin on disk, written by blocks of days: a year of the whole basin in little memory."""

from dataclasses import fields
from pathlib import Path

from soilscope.twin.heihe import Heihe, heihe_blocks
from soilscope.twin.heihe_place import SIZE


def write_heihe(
    folder: str | Path,
    *,
    size: tuple[int, int] = SIZE,
    days: int = 366,
    seed: int = 0,
    start: str = "2020-01-01",
    resolution: float = 1000.0,
    block: int = 16,
) -> dict[str, Path]:
    """Write the Heihe twin as Zarr, one store a product, in chunks of `block` days.

    Parameters
    ----------
    folder
        Where the stores are made; those of the same name are replaced.
    size, days, seed, start, resolution, block
        As in `heihe_blocks`.

    Returns
    -------
    dict
        Path of each store by the name of its product: fine, reanalysis, cci, smops, smci.

    Examples
    --------
    >>> import tempfile
    >>> from soilscope.twin.heihe_files import write_heihe
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = write_heihe(folder, size=(30, 30), days=2)
    >>> sorted(path.name for path in paths.values())
    ['cci.zarr', 'fine.zarr', 'reanalysis.zarr', 'smci.zarr', 'smops.zarr']
    """
    paths = {f.name: Path(folder) / f"{f.name}.zarr" for f in fields(Heihe)}
    blocks = heihe_blocks(
        size=size, days=days, seed=seed, start=start, resolution=resolution, block=block
    )
    for number, twin in enumerate(blocks):
        for name, path in paths.items():
            ds = getattr(twin, name)
            if number == 0:
                ds.to_zarr(path, mode="w", consolidated=False)
            else:
                moving = ds[[v for v in ds.data_vars if "time" in ds[v].dims]]
                moving.to_zarr(path, append_dim="time", consolidated=False)
    return paths
