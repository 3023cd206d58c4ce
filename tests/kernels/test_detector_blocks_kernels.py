import numpy as np
from scipy.ndimage import gaussian_filter

from soilscope.kernels.detector_blocks import Deal, blocks_of


def test_blocks_are_dealt_out_as_wholes():
    values = np.arange(48).reshape(6, 8)
    deal = Deal(np.ones((6, 8), dtype=bool), 2)
    dealt = values.ravel()[deal.draw(np.random.default_rng(1))].reshape(6, 8)
    assert deal.n_blocks == 12
    assert sorted(dealt.ravel()) == sorted(values.ravel())
    assert not np.array_equal(dealt, values)
    corners = dealt[::2, ::2]
    np.testing.assert_array_equal(dealt[1::2, 1::2], corners + 9)  # a row and a column on
    np.testing.assert_array_equal(dealt[::2, 1::2], corners + 1)


def test_a_hole_brings_the_value_of_the_nearest_cell():
    kept = np.ones((4, 5), dtype=bool)  # the last column is a block of its own, cut in half
    kept[0, 0] = False
    deal = Deal(kept, 2)
    assert deal.n_blocks == 6
    for seed in range(20):
        drawn = deal.draw(np.random.default_rng(seed))
        assert drawn.shape == (19,)
        assert ((drawn >= 0) & (drawn < 19)).all()


def test_permuted_blocks_keep_the_patches_of_a_map():
    field = gaussian_filter(np.random.default_rng(2).normal(size=(64, 64)), 4)
    deal = Deal(np.ones_like(field, dtype=bool), 16)
    dealt = field.ravel()[deal.draw(np.random.default_rng(3))].reshape(field.shape)
    near = [np.corrcoef(f[1:].ravel(), f[:-1].ravel())[0, 1] for f in (field, dealt)]
    assert near[1] > 0.85 * near[0]
    assert abs(np.corrcoef(field.ravel(), dealt.ravel())[0, 1]) < 0.5


def test_cells_of_one_square_are_of_one_block_and_empty_squares_are_none():
    kept = np.ones((5, 4), dtype=bool)
    kept[:2, :2] = False  # the first square of four cells
    member, n = blocks_of(kept, 2)
    row, column = np.nonzero(kept)
    assert n == 5
    squares = {(r // 2, c // 2): m for r, c, m in zip(row, column, member, strict=True)}
    assert sorted(squares.values()) == list(range(5))
    assert all(squares[r // 2, c // 2] == m for r, c, m in zip(row, column, member, strict=True))


def test_sites_lie_in_blocks_along_one_dimension():
    member, n = blocks_of(np.array([True, True, False, True]), 1)
    assert (member.tolist(), n) == ([0, 1, 2], 3)
