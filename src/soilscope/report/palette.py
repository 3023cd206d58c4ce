"""An image in 256 colours: a third of the bytes of a PNG, and no difference that an eye sees."""

from typing import Any

import numpy as np
from PIL import Image

Array = np.ndarray[Any, Any]
MOST = 256
EXACT = 48  # the most frequent colours are kept as they are: white, fills, ink
NEAR = 8.0  # distance at which one colour does for another
ROUNDS = 1


def in_palette(rgb: Array, keep: Array | None = None) -> Image.Image:
    """Return an image (rows, columns, 3) of bytes with at most 256 colours.

    The most frequent colours are kept, and those of `keep` (n, 3): the colours of the colour bars.
    The others are drawn together by median cut and a round of k-means, with weights that grow with
    the square root of their frequency.

    >>> image = in_palette(np.array([[[255, 255, 255], [1, 2, 3]]], np.uint8))
    >>> image.convert("RGB").getpixel((1, 0))
    (1, 2, 3)
    """
    packed = (rgb[..., 0].astype(np.uint32) << 16) | (rgb[..., 1].astype(np.uint32) << 8)
    packed |= rgb[..., 2]
    there = np.zeros(1 << 24, bool)
    there[packed] = True
    colours = np.flatnonzero(there)
    place = np.zeros(1 << 24, np.uint32)
    place[colours] = np.arange(colours.size)
    which = place[packed]
    shades = np.stack([colours >> 16, (colours >> 8) & 255, colours & 255], axis=1)
    if colours.size > MOST:
        palette, nearest = _reduced(shades, np.bincount(which.ravel()), keep)
        which = nearest[which]
    else:
        palette = shades
    image = Image.fromarray(which.astype(np.uint8), mode="P")
    image.putpalette(palette.astype(np.uint8).tobytes())
    return image


def _reduced(shades: Array, counts: Array, keep: Array | None) -> tuple[Array, Array]:
    """Return a palette of `shades` (n, 3), and the entry that stands for each of them."""
    order = np.argsort(-counts, kind="stable")
    exact = order[:EXACT]
    if keep is not None and len(keep):  # what is near a colour of a bar needs no other
        first = order[: 8 * EXACT]
        away = np.linalg.norm(shades[first, None] - keep[None], axis=2).min(axis=1) > NEAR
        exact = first[away][:EXACT]
    kept = shades[exact] if keep is None else np.concatenate([shades[exact], keep])
    kept = np.unique(kept, axis=0).astype(np.float32)
    rest = np.setdiff1d(order, exact)
    others, weights = shades[rest].astype(np.float32), np.sqrt(counts[rest])
    centres = _median_cut(others, weights, MOST - len(kept))
    for _ in range(ROUNDS):
        nearest = _nearest(others, np.concatenate([kept, centres])) - len(kept)
        mine = nearest >= 0
        total = np.bincount(nearest[mine], weights[mine], minlength=len(centres))
        used = total > 0
        for k in range(3):
            sums = np.bincount(nearest[mine], weights[mine] * others[mine, k], len(centres))
            centres[used, k] = sums[used] / total[used]
    palette = np.rint(np.concatenate([kept, centres]))
    return palette, _nearest(shades.astype(np.float32), palette)


def _median_cut(shades: Array, weights: Array, count: int) -> Array:
    """Return at most `count` colours that stand for `shades`."""
    times = np.maximum(1, np.rint(weights / weights.mean())).astype(int)
    sample = np.repeat(shades, times, axis=0).astype(np.uint8)[None]
    cut = Image.fromarray(sample).quantize(count, method=Image.Quantize.MEDIANCUT)
    found = np.frombuffer(cut.palette.tobytes() if cut.palette else b"", np.uint8)
    return found.reshape(-1, 3)[:count].astype(np.float32)


def _nearest(shades: Array, palette: Array) -> Array:
    products = np.einsum("nk,pk->np", shades, palette)
    return np.asarray(np.argmin((palette**2).sum(1) - 2 * products, axis=1))
