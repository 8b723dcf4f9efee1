"""Reading gives what was written, and refuses everything else."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from flattened import flattened
from scipy.io import loadmat, savemat

from cifarx.export.bundle import Bundle
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.layer import Array, Layer
from cifarx.export.network.test_batch import TestBatch
from cifarx.pytorch_models.errors import UserError

ONNX = "ab" * 32


def assert_same_batch(found: TestBatch, expected: TestBatch) -> None:
    """Every array, in its type and bit for bit."""
    for field in ("images", "labels"):
        mine, theirs = getattr(found, field), getattr(expected, field)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)
    for field in ("inputs", "outputs", "references"):
        for mine, theirs in zip(getattr(found, field), getattr(expected, field), strict=True):
            assert (mine.dtype, mine.shape) == (theirs.dtype, theirs.shape)
            assert mine.tobytes() == np.ascontiguousarray(theirs).tobytes()


def test_reading_what_was_written_gives_the_same_back(bundle: Bundle, file: Path) -> None:
    again = read_mat(file)
    assert again.card == bundle.card
    assert again.onnx_sha256 == ONNX
    assert again.unaccounted == ()
    assert (again.graph.inputs, again.graph.outputs) == (bundle.graph.inputs, bundle.graph.outputs)
    for mine, theirs in zip(again.graph.layers, bundle.graph.layers, strict=True):
        assert (mine.name, mine.kind, mine.inputs) == (theirs.name, theirs.kind, theirs.inputs)
        assert (mine.hyper, mine.module) == (theirs.hyper, theirs.module)
        for key, array in theirs.arrays.items():
            assert mine.arrays[key].source == array.source
            assert mine.arrays[key].value.tobytes() == array.value.tobytes()
    assert_same_batch(again.batch, bundle.batch)


def test_a_batch_norm_on_flattened_features_survives_the_round_trip(
    bundle: Bundle, tmp_path: Path
) -> None:
    random = np.random.RandomState(0)
    arrays = {
        key: Array(random.rand(24).astype(np.float32), key)
        for key in ("Scale", "Offset", "TrainedMean", "TrainedVariance")
    }
    linear = {"Weights": Array(random.rand(10, 24).astype(np.float32), "w")}
    linear["Bias"] = Array(random.rand(10).astype(np.float32), "b")
    graph = flattened(
        Layer("n", "BatchNormalizationLayer", ("f",), {"Epsilon": 1e-5}, arrays),
        Layer("l", "FullyConnectedLayer", ("n",), {}, linear),
        output="l",
    )
    batch = replace(
        bundle.batch,
        images=np.zeros((len(bundle.batch.labels), 2, 3, 4), np.uint8),
        inputs=(np.zeros((len(bundle.batch.labels), 2, 3, 4), np.float32),),
    )
    path = tmp_path / "m.mat"
    card = replace(bundle.card, mean=(0.0, 0.0), std=(1.0, 1.0))
    path.write_bytes(mat_bytes(graph, card, batch, ONNX))
    stored = loadmat(path)["layers"].ravel()[1]["Scale"].ravel()
    assert stored.tolist() != arrays["Scale"].value.tolist()
    again = read_mat(path).graph.arrays()
    for key, array in graph.arrays().items():
        assert again[key].value.tobytes() == array.value.tobytes()


NAMES = ("Käfer", "自転車", "naïve 🚲", "a" * 70, "_private", "1st", "it's", "")


def test_names_in_any_letters_survive_the_round_trip(bundle: Bundle, tmp_path: Path) -> None:
    classes = (*NAMES, *bundle.card.classes[len(NAMES) :])
    first = replace(bundle.graph.layers[0], module="größe.conv")
    graph = replace(bundle.graph, layers=(first, *bundle.graph.layers[1:]))
    path = tmp_path / "m.mat"
    card = replace(bundle.card, classes=classes, model="Käfer")
    path.write_bytes(mat_bytes(graph, card, bundle.batch, ONNX))
    again = read_mat(path)
    assert again.card == card
    assert again.graph.layers[0].module == "größe.conv"
    stored = loadmat(path)["classes"].ravel()
    assert stored[0].dtype == np.uint8  # the bytes of UTF-8
    assert bytes(stored[0].ravel()).decode() == "Käfer"
    assert stored[3].item() == "a" * 70  # char where ASCII will do


def test_a_file_without_normalization_holds_no_images(bundle: Bundle, tmp_path: Path) -> None:
    none = np.empty((0, *bundle.graph.inputs[0].shape), np.uint8)
    batch = replace(bundle.batch, images=none, labels=np.empty(0, np.int64))
    card = replace(bundle.card, mean=(), std=())
    path = tmp_path / "m.mat"
    path.write_bytes(mat_bytes(bundle.graph, card, batch, ONNX))
    content = loadmat(path)
    assert content["inputs"]["Normalization"][0, 0].item() == "none"
    assert content["inputs"]["Mean"][0, 0].size == content["test"]["images"][0, 0].size == 0
    again = read_mat(path)
    assert again.card == card
    assert len(again.batch.images) == len(again.batch.labels) == 0
    np.testing.assert_array_equal(again.batch.inputs[0], bundle.batch.inputs[0])


@pytest.mark.parametrize("length", [0, 10, 130, 1000, -1])
def test_a_truncated_file_is_rejected(file: Path, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(UserError, match="cannot be read as a MAT-file, or was cut short"):
        read_mat(file)


def test_text_is_rejected(file: Path) -> None:
    file.write_text("not a MAT-file at all, but some text that is longer than its header" * 9)
    with pytest.raises(UserError, match="cannot be read as a MAT-file"):
        read_mat(file)


def test_somebody_elses_mat_file_is_rejected(tmp_path: Path) -> None:
    savemat(tmp_path / "x.mat", {"a": 1.0})
    with pytest.raises(UserError, match="not a cifarx model"):
        read_mat(tmp_path / "x.mat")


def edited(file: Path, edit: Callable[[dict[str, np.ndarray]], object]) -> Path:
    """The file with its content changed by `edit`, written again."""
    content = {k: v for k, v in loadmat(file).items() if not k.startswith("__")}
    edit(content)
    savemat(file, content)
    return file


def set_kind(content: dict[str, np.ndarray]) -> None:
    content["layers"][0, 0]["Kind"] = "MagicLayer"


def set_version(content: dict[str, np.ndarray]) -> None:
    content["format"]["version"][0, 0] = np.array([[3.0]])


def double_weights(content: dict[str, np.ndarray]) -> None:
    content["layers"][0, 0]["Weights"] = content["layers"][0, 0]["Weights"].astype(np.float64)


def cut_weights(content: dict[str, np.ndarray]) -> None:
    content["layers"][0, 0]["Weights"] = content["layers"][0, 0]["Weights"][:, :, :2]


def older(content: dict[str, np.ndarray]) -> None:
    """A tuned file of a toolbox that did not know PaddingValue."""
    content["format"]["producer"][0, 0] = np.array(["cifarx.save in octave 7.3.0"])
    layers = content["layers"]
    kept = [name for name in layers.dtype.names or () if name != "PaddingValue"]
    content["layers"] = np.empty(layers.shape, [(name, object) for name in kept])
    for name in kept:
        content["layers"][name] = layers[name]


def cut_labels(content: dict[str, np.ndarray]) -> None:
    content["test"]["labels"][0, 0] = content["test"]["labels"][0, 0][:, :5]


def high_label(content: dict[str, np.ndarray]) -> None:
    content["test"]["labels"][0, 0][0, 0] = 11.0


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (set_version, "its format is version 3; this cifarx reads up to 2"),
        (set_kind, "unknown layer kind 'MagicLayer'"),
        (double_weights, "Weights is float64, expected single"),
        (cut_weights, "has 4 kernels for 2 channels and gets 3"),
        (cut_labels, "a test batch of"),
        (high_label, "test labels outside the classes"),
        (
            lambda content: content.pop("layers"),
            "it has no variable 'layers'; it was damaged or edited. Export it again",
        ),
        (lambda content: content.pop("test"), "it has no variable 'test'"),
        (older, "no field of name PaddingValue.* Save it again with cifarx.save"),
    ],
)
def test_an_unsound_file_is_rejected(
    file: Path, edit: Callable[[dict[str, np.ndarray]], object], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        read_mat(edited(file, edit))
