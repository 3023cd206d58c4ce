"""Kernels and results speak of the same status codes."""

import pytest

from soilscope import names
from soilscope.kernels import codes


@pytest.mark.parametrize("code", [name for name in vars(codes) if name.isupper() and name != "_"])
def test_codes_of_kernels_are_those_of_the_results(code):
    assert getattr(codes, code) == getattr(names, code)
