"""Files of version 2 that do not fit together get one paragraph, never a traceback."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_networks import batch_of, drawn_freely, often
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.io import loadmat, savemat

from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer
from cifarx.export.network.model_card import ModelCard
from cifarx.pytorch_models.errors import UserError

Content = dict[str, Any]
Edit = Callable[[Content], object]


def linear(name: str, source: str, outputs: int, inputs: int) -> Layer:
    arrays = {
        "Weights": Array(np.ones((outputs, inputs), np.float32), ""),
        "Bias": Array(np.zeros(outputs, np.float32), ""),
    }
    return Layer(name, "FullyConnectedLayer", (source,), {}, arrays)


def network() -> LayerGraph:
    """An image, a signal and features; a map, a vector and a number."""
    inputs = (Input("image", (2, 4, 3)), Input("signal", (2, 6)), Input("state", (5,)))
    layers = (
        Layer("r", "ReLULayer", ("image",)),
        Layer("f", "FlattenLayer", ("signal",)),
        linear("l", "f", 5, 12),
        Layer("a", "AdditionLayer", ("l", "state")),
        linear("v", "a", 1, 5),
    )
    return LayerGraph(inputs, layers, (Output("r", "maps"), Output("a", "y"), Output("v", "v", ())))


NUMBERS = ModelCard("net", "", (), (), (), "0" * 64, task="regression")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "model.mat"
    path.write_bytes(mat_bytes(network(), NUMBERS, batch_of(network(), 3), "ab" * 32))
    return path


def edited(file: Path, edit: Edit) -> Path:
    content = {k: v for k, v in loadmat(file).items() if not k.startswith("__")}
    edit(content)
    savemat(file, content, long_field_names=True)
    return file


def part(variable: str, place: int, field: str, value: Any) -> Edit:
    """A field of an element of a struct array."""

    def change(content: Content) -> None:
        content[variable][0, place][field] = value

    return change


def cells(field: str, edit: Callable[[np.ndarray], Any]) -> Edit:
    """The arrays of the test batch."""

    def change(content: Content) -> None:
        content["test"][field][0, 0] = edit(content["test"][field][0, 0])

    return change


def row(*numbers: float) -> np.ndarray:
    return np.array([numbers], float)


def both_normalized(content: Content) -> None:
    for place in (0, 1):
        content["inputs"][0, place]["Size"] = row(4, 3, 2)
        content["inputs"][0, place]["Format"] = "SSCB"
        content["inputs"][0, place]["Normalization"] = "zscore"
        for field in ("Mean", "StandardDeviation"):
            content["inputs"][0, place][field] = np.ones((1, 1, 2), np.float32)


def in_cells(value: Any, count: int) -> np.ndarray:
    """A cell of `count` times the value."""
    cell = np.empty((1, count), object)
    for i in range(count):
        cell[0, i] = value
    return cell


def one_cell_less(cell: np.ndarray) -> np.ndarray:
    return cell[:, :-1]


def half_as_many(cell: np.ndarray) -> np.ndarray:
    cell[0, 2] = cell[0, 2][:, :2]
    return cell


def in_double(cell: np.ndarray) -> np.ndarray:
    cell[0, 0] = cell[0, 0].astype(np.float64)
    return cell


EDITS: dict[str, tuple[Edit, str]] = {
    "a size of another format": (part("inputs", 0, "Size", row(4, 3)), "is not SCB"),
    "a size of four axes": (part("inputs", 0, "Size", row(4, 3, 2, 1)), "not a valid"),
    "no size": (part("inputs", 2, "Size", np.zeros((0, 0))), "not a valid"),
    "a size of 0": (part("inputs", 2, "Size", row(0)), "a size of"),
    "a negative size": (part("inputs", 0, "Size", row(-4, -3, 2)), "a size of"),
    "a size that is no number": (part("inputs", 0, "Size", row(np.nan, 3, 2)), "not a valid"),
    "an infinite size": (part("inputs", 0, "Size", row(np.inf, 3, 2)), "not a valid"),
    "a size of text": (part("inputs", 0, "Size", "abc"), "not a valid"),
    "a size that the layers do not fit": (part("inputs", 2, "Size", row(6)), "adds inputs of diff"),
    "a huge size": (part("inputs", 0, "Size", row(1e6, 1e6, 2)), "not a valid"),
    "an unknown format": (part("inputs", 1, "Format", "SSSCB"), "is not SCB"),
    "a normalisation of features": (part("inputs", 2, "Normalization", "zscore"), "not 1x1x5"),
    "an unknown normalisation": (
        part("inputs", 0, "Normalization", "rescale"),
        "only 'zscore' and 'none' are known",
    ),
    "means without a normalisation": (
        part("inputs", 0, "Mean", np.ones((1, 1, 2), np.float32)),
        "Mean and StandardDeviation",
    ),
    "two images with a normalisation": (both_normalized, "not a valid|normalises several inputs"),
    "two inputs of one name": (part("inputs", 1, "Name", "image"), "reads 'signal', which is not"),
    "an input called as a layer": (
        part("inputs", 2, "Name", "l"),
        "called 'l'|which is not before",
    ),
    "an output that is no layer": (part("outputs", 0, "Layer", "nowhere"), "not a valid"),
    "an output that is an input": (part("outputs", 0, "Layer", "image"), "'image' is not a layer"),
    "an output of another size": (part("outputs", 1, "Size", row(6)), "not as large as 'a'"),
    "an output of another format": (part("outputs", 1, "Format", "SCB"), "is not 'CB'"),
    "two outputs of one name": (part("outputs", 1, "Name", "maps"), "no names of their own"),
    "no outputs": (lambda c: c.update(outputs=c["outputs"][:, :0]), "not a valid"),
    "no inputs": (lambda c: c.update(inputs=c["inputs"][:, :0]), "not a valid|not before it"),
    "outputs of version 1": (
        lambda c: c.update(outputs=np.array([["r"]], object)),
        "not a valid cifarx model",
    ),
    "an unknown task": (lambda c: c.update(task="detection"), "the task 'detection'"),
    "no task": (lambda c: c.pop("task"), "not a valid|no variable 'task'"),
    "a task of numbers": (lambda c: c.update(task=row(1)), "the task '1.0'"),
    "classes of a regression": (
        lambda c: c.update(classes=np.array([["a", "b"]], object)),
        "classes of a regression",
    ),
    "a classification of three outputs": (
        lambda c: c.update(task="classification"),
        "0 classes for outputs",
    ),
    "a segmentation without classes": (
        lambda c: c.update(task="segmentation"),
        "0 classes for outputs",
    ),
    "one input array too few": (cells("inputs", one_cell_less), "test arrays of"),
    "one output array too few": (cells("outputs", one_cell_less), "test arrays of"),
    "one array instead of cells": (cells("inputs", lambda c: c[0, 0]), "test arrays of"),
    "cells in cells": (cells("inputs", lambda c: in_cells(c, 3)), "test arrays of"),
    "inputs in double": (cells("inputs", in_double), "test arrays of"),
    "references in another number": (cells("reference", half_as_many), "a test batch of"),
    "outputs in another number": (cells("outputs", half_as_many), "a test batch of"),
    "labels of a regression": (cells("labels", lambda _: row(1, 2, 3)), "labels"),
    "images without a normalisation": (
        cells("images", lambda _: np.zeros((4, 3, 2, 3), np.uint8)),
        "images",
    ),
}


@pytest.mark.parametrize("name", EDITS)
def test_what_does_not_fit_is_refused_in_a_paragraph(file: Path, name: str) -> None:
    edit, words = EDITS[name]
    with pytest.raises(UserError, match=words) as refused:
        read_mat(edited(file, edit))
    assert "\n" not in str(refused.value)


def test_the_file_itself_is_read(file: Path) -> None:
    found = read_mat(file)
    assert found.graph.inputs == network().inputs
    assert found.graph.outputs == network().outputs
    assert found.unaccounted == ()


@pytest.mark.parametrize(
    ("edit", "words"),
    [
        (cells("labels", lambda a: a[:3]), "not a valid"),
        (cells("labels", lambda a: a + 2), "test labels outside the classes"),
        (cells("labels", lambda a: a - 9), "test labels outside the classes"),
        (lambda c: c.update(classes=np.array([["a"]], object)), "1 classes for outputs"),
    ],
)
def test_labels_of_pixels_are_those_of_the_classes(tmp_path: Path, edit: Edit, words: str) -> None:
    relu = Layer("r", "ReLULayer", ("image",))
    graph = LayerGraph((Input("image", (2, 4, 3)),), (relu,), (Output("r", "output"),))
    card = ModelCard("net", "", ("a", "b"), (), (), "0" * 64, task="segmentation")
    labels = np.random.RandomState(0).randint(-1, 2, (3, 4, 3))
    batch = batch_of(graph, 3)
    batch = type(batch)(batch.images, batch.inputs, labels, batch.outputs, batch.references)
    path = tmp_path / "model.mat"
    path.write_bytes(mat_bytes(graph, card, batch, ""))
    np.testing.assert_array_equal(read_mat(path).batch.labels, labels)
    with pytest.raises(UserError, match=words):
        read_mat(edited(path, edit))


ODD = [
    np.zeros((0, 0)),
    row(1),
    row(np.nan),
    row(-1, 2),
    row(3, 3, 3),
    np.array(["text"]),
    np.array([["a", "b"]], object),
    np.ones((2, 3, 4), np.float32),
    np.ones((1, 1), np.uint8),
    np.array([[1j]]),
]


@given(st.data())
@settings(often, max_examples=60)
def test_odd_values_anywhere_are_read_or_refused(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    graph = drawn_freely(data)
    path = tmp_path_factory.mktemp("odd") / "model.mat"
    card = ModelCard("net", "", (), (), (), "0" * 64, task="regression")
    try:
        path.write_bytes(mat_bytes(graph, card, batch_of(graph), ""))
    except UserError:
        return  # two orders of features meet

    def spoil(content: Content) -> None:
        variable = data.draw(st.sampled_from(sorted(content)))
        value = data.draw(st.sampled_from(range(len(ODD))))
        names = content[variable].dtype.names
        if names and data.draw(st.booleans()):
            place = data.draw(st.integers(0, content[variable].size - 1))
            content[variable].ravel()[place][data.draw(st.sampled_from(names))] = ODD[value]
        else:
            content[variable] = ODD[value]

    with suppress(UserError):
        read_mat(edited(path, spoil))
