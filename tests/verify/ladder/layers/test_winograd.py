"""Winograd's matrices and values: those of the paper, and plain convolutions in float64."""

from __future__ import annotations

import numpy as np
import pytest
import torch
import torch.nn.functional as F  # noqa: N812  (its customary name)

from cifarx.verify.ladder.layers.winograd import (
    amplification,
    convolve,
    make_winograd,
    transformed,
)


def test_the_matrices_are_those_of_lavin_and_gray_up_to_the_scale_of_rows() -> None:
    """F(2 x 2, 3 x 3) of their section 4.1; signs go from one matrix to another."""
    found = make_winograd(2)
    before = [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, 1, 0, -1]]
    kernel = [[1, 0, 0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0, 0, 1]]
    after = [[1, 1, 1, 0], [0, 1, -1, 1]]
    for mine, theirs in ((found.before, before), (found.kernel, kernel), (found.after, after)):
        assert torch.equal(mine.abs(), torch.tensor(np.kron(theirs, theirs)).abs().double())


@pytest.mark.parametrize("tile", [2, 4, 6])
@pytest.mark.parametrize("groups", [1, 2])
def test_fast_convolutions_are_convolutions(tile: int, groups: int) -> None:
    torch.manual_seed(0)
    x = torch.randn(2, 4, 11, 9, dtype=torch.float64)
    weights = torch.randn(6, 4 // groups, 3, 3, dtype=torch.float64)
    algorithm = make_winograd(tile)
    found = convolve(x, transformed(weights, groups, algorithm), groups, algorithm)
    expected = F.conv2d(x, weights, groups=groups)
    assert float((found - expected).abs().max()) < 1e-11


def test_roundings_count_the_longest_sums_of_both_axes() -> None:
    """F(2): B' sums 2 terms, A' 3 and G 3, and one more for what G's thirds would be."""
    assert make_winograd(2).roundings == 2 * (2 + 3 + 3 + 1)
    assert make_winograd(2).roundings < make_winograd(4).roundings < make_winograd(6).roundings


def test_absolute_values_bound_every_path() -> None:
    algorithm = make_winograd(4)
    absolute = algorithm.absolute()
    assert (absolute.tile, absolute.roundings) == (algorithm.tile, algorithm.roundings)
    for name in ("before", "kernel", "after"):
        assert torch.equal(getattr(absolute, name), getattr(algorithm, name).abs())


@pytest.mark.parametrize("tile", [2, 4, 6])
def test_no_single_path_is_amplified_more_and_one_is_as_much(tile: int) -> None:
    """One entry of the kernel at a time, over inputs of 1 whose signs all add up."""
    parts = make_winograd(tile).absolute()
    worst = 0.0
    for place in range(9):
        one = torch.zeros(9, dtype=torch.float64)
        one[place] = 1.0
        sizes = parts.after @ (
            (parts.kernel @ one) * (parts.before @ torch.ones(len(parts.before)).double())
        )
        worst = max(worst, float(sizes.max()))
    assert amplification(make_winograd(tile)) == pytest.approx(worst)
    assert worst >= 1.0


@pytest.mark.parametrize("size", [(3, 3), (4, 7), (8, 5)])
def test_maps_need_not_be_whole_tiles(size: tuple[int, int]) -> None:
    random = np.random.RandomState(0)
    x = torch.from_numpy(random.standard_normal((1, 2, *size)))
    weights = torch.from_numpy(random.standard_normal((3, 2, 3, 3)))
    algorithm = make_winograd(4)
    found = convolve(x, transformed(weights, 1, algorithm), 1, algorithm)
    assert found.shape == (1, 3, size[0] - 2, size[1] - 2)
    assert float((found - F.conv2d(x, weights)).abs().max()) < 1e-12
