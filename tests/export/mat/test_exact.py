"""Computed constants in model.mat: the doubles beside the singles, in MATLAB's axes, and back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import computed_constants
import faults
import numpy as np
import pytest
from scipy.io import loadmat

from cifarx.export.bundle import Bundle
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.pytorch_models.errors import UserError

NAMES = list(computed_constants.CONSTANTS)


@pytest.mark.parametrize("name", NAMES)
def test_exact_values_survive_bit_for_bit(name: str, tmp_path: Path) -> None:
    computed_constants.write(name, tmp_path)
    graph = computed_constants.graph_of(name)
    found = read_mat(tmp_path / "model.mat")
    assert found.unaccounted == ()
    for place, array in graph.arrays().items():
        back = found.graph.arrays()[place]
        assert back.value.tobytes() == array.value.tobytes()
        assert (back.exact is None) == (array.exact is None)
        if array.exact is not None and back.exact is not None:
            assert back.exact.dtype == np.float64
            assert back.exact.tobytes() == np.ascontiguousarray(array.exact).tobytes()


def layers_of(path: Path) -> dict[str, Any]:
    return {item["Kind"].item(): item for item in loadmat(path)["layers"].ravel()}


def test_exact_values_have_the_axes_of_their_arrays(tmp_path: Path) -> None:
    computed_constants.write("normed", tmp_path)
    layers = layers_of(tmp_path / "model.mat")
    arrays = {
        (layer.kind, key): array
        for layer in computed_constants.graph_of("normed").layers
        for key, array in layer.arrays.items()
    }
    kernels = layers["Convolution2DLayer"]["Exact"][0, 0]["Weights"]
    exact = arrays["Convolution2DLayer", "Weights"].exact
    assert exact is not None
    np.testing.assert_array_equal(kernels, exact.transpose(2, 3, 1, 0))
    linear = layers["FullyConnectedLayer"]
    rows, rounded = linear["Exact"][0, 0]["Weights"], linear["Weights"]
    assert rows.shape == rounded.shape
    np.testing.assert_array_equal(rows.astype(np.float32), rounded)
    exact = arrays["FullyConnectedLayer", "Weights"].exact
    assert exact is not None
    for c in range(6):  # the flattened maps are 6 x 4 x 4
        for h in range(4):
            for w in range(4):
                np.testing.assert_array_equal(
                    rows[:, h + 4 * w + 16 * c], exact[:, 16 * c + 4 * h + w]
                )
    assert layers["ELULayer"]["Exact"].size == 0


def test_a_network_without_computed_constants_has_no_such_field(bundle: Bundle, file: Path) -> None:
    assert "Exact" not in loadmat(file)["layers"].dtype.names
    assert file.read_bytes() == mat_bytes(bundle.graph, bundle.card, bundle.batch, "ab" * 32)


@pytest.mark.parametrize(
    "value",
    [np.float32([[1 / 3]]), np.ones((2, 2)), np.array([[np.nan]]), np.array([[np.inf]])],
)
def test_other_types_shapes_and_numbers_are_refused(tmp_path: Path, value: np.ndarray) -> None:
    computed_constants.write("normed", tmp_path)

    def spoil(content: dict[str, Any]) -> None:
        layers = content["layers"].ravel()
        item = next(i for i in layers if i["Exact"].size and "Scale" in i["Exact"].dtype.names)
        item["Exact"][0, 0]["Scale"] = value

    faults.edit_mat(tmp_path, spoil)
    with pytest.raises(UserError, match=r"Exact.Scale is not double as Scale"):
        read_mat(tmp_path / "model.mat")


def test_what_stands_beside_the_values_is_told(tmp_path: Path) -> None:
    computed_constants.write("normed", tmp_path)

    def add(content: dict[str, Any]) -> None:
        layers = content["layers"].ravel()
        item = next(i for i in layers if i["Exact"].size)
        fields = [(name, object) for name in (*item["Exact"].dtype.names, "Extra")]
        wider = np.empty((1, 1), fields)
        for name, _ in fields[:-1]:
            wider[0, 0][name] = item["Exact"][0, 0][name]
        wider[0, 0]["Extra"] = np.ones((1, 1))
        item["Exact"] = wider

    faults.edit_mat(tmp_path, add)
    (told,) = read_mat(tmp_path / "model.mat").unaccounted
    assert told.endswith("Exact.Extra")
