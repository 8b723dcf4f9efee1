"""What model.mat holds; scipy.io.loadmat is the independent reader."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from flattened import flattened
from scipy.io import loadmat

from cifarx.export.bundle import Bundle
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.layer import Array, Layer
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

ONNX = "ab" * 32


def test_the_same_network_gives_the_same_bytes(bundle: Bundle, file: Path) -> None:
    again = mat_bytes(bundle.graph, bundle.card, bundle.batch, ONNX)
    assert again == file.read_bytes()
    assert again[:116].decode("ascii").startswith("MATLAB 5.0 MAT-file, written by cifarx")


def test_the_test_batch_covers_every_class(bundle: Bundle) -> None:
    assert set(bundle.batch.labels) == set(range(10))


def test_axes_and_classes_are_matlabs(bundle: Bundle, file: Path) -> None:
    content = loadmat(file)
    layers = {str(item["Name"].item()): item for item in content["layers"].ravel()}
    convolution, source = layers["conv2"], bundle.graph.arrays()["conv2", "Weights"].value
    assert convolution["Weights"].shape == (3, 3, 4, 6)
    assert convolution["Weights"].dtype == np.float32
    assert convolution["Weights"][2, 0, 3, 5] == source[5, 3, 2, 0]
    assert convolution["Bias"].shape == (1, 1, 6)
    assert convolution["Stride"].dtype == np.float64
    assert convolution["Stride"].tolist() == [[2.0, 2.0]]
    assert layers["norm2"]["TrainedMean"].shape == (1, 1, 6)
    assert layers["fc1"]["Weights"].shape == (16, 32)
    assert layers["fc1"]["Bias"].shape == (16, 1)
    assert content["inputs"]["Mean"][0, 0].shape == (1, 1, 3)
    assert content["inputs"]["Mean"][0, 0].dtype == np.float32
    assert content["test"]["images"][0, 0].shape == (32, 32, 3, len(bundle.batch.labels))
    assert content["test"]["labels"][0, 0].min() == 1.0


def test_linear_weights_after_a_flatten_follow_matlabs_order(bundle: Bundle, file: Path) -> None:
    layers = {str(i["Name"].item()): i for i in loadmat(file)["layers"].ravel()}
    mine, theirs = layers["fc1"]["Weights"], bundle.graph.arrays()["fc1", "Weights"].value
    for c in range(8):  # the flattened maps are 8 x 2 x 2
        for h in range(2):
            for w in range(2):
                assert (mine[:, h + 2 * w + 4 * c] == theirs[:, c * 4 + h * 2 + w]).all()


def leaves(value: Any) -> Iterator[np.ndarray]:
    if value.dtype.names:
        for item in value.ravel():
            for name in value.dtype.names:
                yield from leaves(item[name])
    elif value.dtype == object:
        for item in value.ravel():
            yield from leaves(item)
    else:
        yield value


def test_nothing_in_the_file_is_an_integer_a_padded_matrix_of_char_or_missing(file: Path) -> None:
    content = loadmat(file, chars_as_strings=False)
    wanted = {"format", "inputs", "layers", "outputs", "task", "classes", "test"}
    assert {name for name in content if not name.startswith("__")} == wanted
    kinds = {
        leaf.dtype.kind + str(leaf.dtype.itemsize) for v in wanted for leaf in leaves(content[v])
    }
    assert kinds == {"U4", "f4", "f8", "u1"}
    for name in wanted:
        for leaf in leaves(content[name]):
            if leaf.dtype.kind == "U":
                assert leaf.size == 0 or leaf.shape[0] == 1
    bytes_only = content["test"]["images"][0, 0]
    assert [x.dtype == np.uint8 for v in wanted for x in leaves(content[v])].count(True) == 1
    assert bytes_only.dtype == np.uint8


def test_the_header_holds_no_time(file: Path) -> None:
    head = file.read_bytes()[:116]
    assert re.fullmatch(rb"MATLAB 5.0 MAT-file, written by cifarx [0-9.]+ *", head)


def test_an_array_of_2_gib_is_rejected_before_it_is_written(bundle: Bundle) -> None:
    huge = np.broadcast_to(np.float32(0), (2**29, 10))  # 20 GiB that take no memory
    with pytest.raises(UserError, match=r"'test' of model.mat would take 20.0 GiB"):
        mat_bytes(bundle.graph, bundle.card, replace(bundle.batch, outputs=(huge,)), ONNX)


def test_layers_of_2_gib_are_rejected_before_a_byte_of_them_is_copied(bundle: Bundle) -> None:
    huge = np.broadcast_to(np.float32(0), (2**25, 24))  # 3 GiB that take no memory
    arrays = {"Weights": Array(huge, "w"), "Bias": Array(huge[:, 0], "b")}
    graph = flattened(Layer("l", "FullyConnectedLayer", ("f",), {}, arrays), output="l")
    with pytest.raises(UserError, match=r"'layers' of model.mat would take 3.1 GiB"):
        mat_bytes(graph, bundle.card, bundle.batch, ONNX)
    with pytest.raises(UserError, match=r"model.onnx would take 3.1 GiB.*less than 2 GiB"):
        onnx_from_graph(graph, bundle.card)


def test_weights_that_are_no_numbers_are_not_written(bundle: Bundle) -> None:
    first, *rest = bundle.graph.layers
    bias = first.arrays["Bias"]
    spoilt = replace(bias, value=np.full_like(bias.value, np.nan))
    graph = replace(
        bundle.graph,
        layers=(replace(first, arrays={**first.arrays, "Bias": spoilt}), *rest),
    )
    with pytest.raises(UserError, match=r"The Bias of the layer '\w+' hold NaN or infinity"):
        mat_bytes(graph, bundle.card, bundle.batch, ONNX)
