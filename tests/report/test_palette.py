"""Images in a palette look as they did."""

import numpy as np

from soilscope.report.palette import in_palette

RNG = np.random.default_rng(3)


def colours(image):
    return np.asarray(image.convert("RGB")).astype(int)


def test_few_colours_are_kept_exactly():
    rgb = RNG.integers(0, 255, (6, 40, 3)).astype(np.uint8)
    np.testing.assert_array_equal(colours(in_palette(rgb)), rgb)


def test_many_colours_come_close_and_white_stays_white():
    rgb = np.full((300, 400, 3), 255, np.uint8)
    ramp = np.linspace(0, 255, 256)
    rgb[100:200, :256] = np.stack([ramp, ramp[::-1], ramp / 2], axis=1)
    rgb[200:, :] = (RNG.integers(0, 40, (100, 400, 1)) * [1, 2, 3]).astype(np.uint8)
    found = colours(in_palette(rgb))
    assert (found[:100] == 255).all()
    assert np.abs(found - rgb).max() <= 16
    assert np.abs(found - rgb).mean() < 1


def test_colours_of_a_bar_are_kept_among_many():
    rgb = RNG.integers(0, 255, (200, 200, 3)).astype(np.uint8)
    bar = np.stack([np.arange(0, 250, 5), np.full(50, 7), np.full(50, 9)], axis=1)
    rgb[:1, :50] = bar
    np.testing.assert_array_equal(colours(in_palette(rgb, bar))[0, :50], bar)


def test_equal_images_give_equal_bytes():
    rgb = RNG.integers(0, 255, (50, 60, 3)).astype(np.uint8)
    one, other = in_palette(rgb), in_palette(rgb)
    assert one.tobytes() == other.tobytes()
    assert one.getpalette() == other.getpalette()


def test_a_mark_keeps_its_colour_beside_a_bar_and_many_cells():
    bar = np.stack([np.arange(128) * 2, np.full(128, 20), np.full(128, 30)], axis=1)
    rgb = RNG.choice(bar, (200, 200)).astype(np.uint8)  # cells in the colours of the bar
    rgb[:, 100:] = RNG.integers(0, 255, (200, 100, 3))  # and much else
    rgb[:10, :12] = (179, 38, 130)
    assert (colours(in_palette(rgb, bar))[:10, :12] == (179, 38, 130)).all()
