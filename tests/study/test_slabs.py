import dask.array as da
import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from soilscope.study.slabs import SLAB_BYTES, Growing, Slab, block_sizes, slabs_of


@pytest.fixture
def field():
    values = np.arange(2 * 6 * 5, dtype="f8").reshape(2, 6, 5)
    return xr.Dataset(
        {"slope": (("depth", "y", "x"), values), "n_obs": (("y", "x"), np.ones((6, 5), "i8"))},
        coords={"depth": [0.05, 0.2], "y": np.arange(6.0), "x": np.arange(5.0)},
        attrs={"method": "trend"},
    )


@pytest.fixture
def template(field):
    return field.chunk(y=4, x=3)


def test_slabs_cover_every_cell_once(template):
    seen = np.zeros((6, 5), int)
    for slab in slabs_of(template):
        region = {dim: slice(a, b) for dim, a, b in slab.ranges}
        seen[region["y"], region["x"]] += 1
    assert (seen == 1).all()


def test_a_field_without_space_is_one_slab():
    lazy = xr.Dataset({"slope": ("region", da.zeros(3))})
    assert slabs_of(lazy) == [Slab()]


def test_filled_slabs_give_the_field_with_labels_and_attributes(tmp_path, field, template):
    growing = Growing(tmp_path)
    growing.lay(template)
    for slab in slabs_of(template):
        growing.fill(slab, lambda s: s.of(field))
    back = xr.open_zarr(growing.data, consolidated=False, chunks=None)
    xr.testing.assert_identical(back.load(), field)


def test_a_slab_is_marked_only_after_it_is_written(tmp_path, field, template):
    growing = Growing(tmp_path)
    growing.lay(template)
    first, second, *_ = slabs_of(template)

    def fails(slab):
        raise OSError(28, "No space left on device")

    growing.fill(first, lambda s: s.of(field))
    with pytest.raises(OSError, match="No space"):
        growing.fill(second, fails)
    assert growing.is_done(first)
    assert not growing.is_done(second)


def test_a_template_laid_before_keeps_what_was_written(tmp_path, field, template):
    growing = Growing(tmp_path)
    growing.lay(template)
    slab = slabs_of(template)[0]
    growing.fill(slab, lambda s: s.of(field))
    growing.lay(template)
    back = xr.open_zarr(growing.data, consolidated=False, chunks=None)
    np.testing.assert_array_equal(slab.of(back).slope, slab.of(field).slope)


def test_what_a_slab_counts_is_kept_in_its_mark(tmp_path, field, template):
    growing = Growing(tmp_path)
    growing.lay(template)
    slab = slabs_of(template)[0]
    growing.fill(slab, lambda s: s.of(field).assign_attrs(counts='{"slope": 3}'))
    assert growing.counts([slab]) == [{"slope": 3}]


def test_a_flipped_bit_on_disk_is_an_error_and_not_a_number(tmp_path, template, field):
    growing = Growing(tmp_path)
    growing.lay(template)
    for slab in slabs_of(template):
        growing.fill(slab, lambda s: s.of(field))
    chunk = next(p for p in (growing.data / "slope" / "c").rglob("*") if p.is_file())
    raw = bytearray(chunk.read_bytes())
    raw[len(raw) // 2] ^= 4
    chunk.write_bytes(raw)
    with pytest.raises(Exception, match=r"(?i)checksum|corrupt|zstd|decompress"):
        xr.open_zarr(growing.data, consolidated=False, chunks=None).load()


@given(ny=st.integers(1, 400), nx=st.integers(1, 400), bytes_per_cell=st.integers(1, 10_000_000))
def test_blocks_fit_the_grid_and_stay_near_the_slab_size(ny, nx, bytes_per_cell):
    blocks = block_sizes({"y": ny, "x": nx}, bytes_per_cell)
    assert 1 <= blocks["y"] <= ny
    assert 1 <= blocks["x"] <= nx
    cells = blocks["y"] * blocks["x"]
    assert cells == 1 or cells * bytes_per_cell <= 2 * SLAB_BYTES


@pytest.mark.parametrize("dtype", [object, str])
def test_labels_are_written_as_text_of_any_length_without_a_warning(tmp_path, dtype):
    ds = xr.Dataset(
        {"slope": ("region", np.array([1.0, 2.0]))},
        coords={"region": ("region", np.array(["Weining Plain", "银川平原"], dtype=dtype))},
    )
    growing = Growing(tmp_path)
    growing.lay(ds)
    back = xr.open_zarr(growing.data, consolidated=False, chunks=None)
    assert back.region.values.tolist() == ["Weining Plain", "银川平原"]


def test_a_slab_bears_the_same_name_whatever_the_order_of_variables(template):
    turned = template[["n_obs", "slope"]].transpose("x", "y", "depth")
    names = [slab.key for slab in slabs_of(template)]
    assert names == [slab.key for slab in slabs_of(turned)]
