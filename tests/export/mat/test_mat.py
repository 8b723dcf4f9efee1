from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.io import loadmat, savemat

from cifarx.export.bundle import Bundle
from cifarx.export.mat.feature_order import feature_orders
from cifarx.export.mat.reader import read_mat
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.layer import Array, Layer
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UserError

ONNX = "ab" * 32


@pytest.fixture
def file(bundle: Bundle, tmp_path: Path) -> Path:
    path = tmp_path / "model.mat"
    path.write_bytes(mat_bytes(bundle.graph, bundle.card, bundle.batch, ONNX))
    return path


def test_reading_what_was_written_gives_the_same_back(bundle: Bundle, file: Path) -> None:
    again = read_mat(file)
    assert again.card == bundle.card
    assert again.onnx_sha256 == ONNX
    assert again.unaccounted == ()
    assert (again.graph.input_name, again.graph.input_size) == ("image", (3, 32, 32))
    for mine, theirs in zip(again.graph.layers, bundle.graph.layers, strict=True):
        assert (mine.name, mine.kind, mine.inputs) == (theirs.name, theirs.kind, theirs.inputs)
        assert (mine.hyper, mine.module) == (theirs.hyper, theirs.module)
        for key, array in theirs.arrays.items():
            assert mine.arrays[key].source == array.source
            assert mine.arrays[key].value.tobytes() == array.value.tobytes()
    for field in ("images", "inputs", "labels", "logits", "reference"):
        mine, theirs = getattr(again.batch, field), getattr(bundle.batch, field)
        assert mine.dtype == theirs.dtype
        np.testing.assert_array_equal(mine, theirs)


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
    assert content["input"]["Mean"][0, 0].shape == (1, 1, 3)
    assert content["input"]["Mean"][0, 0].dtype == np.float32
    assert content["test"]["images"][0, 0].shape == (32, 32, 3, len(bundle.batch.labels))
    assert content["test"]["labels"][0, 0].min() == 1.0


def test_linear_weights_after_a_flatten_follow_matlabs_order(bundle: Bundle, file: Path) -> None:
    layers = {str(i["Name"].item()): i for i in loadmat(file)["layers"].ravel()}
    mine, theirs = layers["fc1"]["Weights"], bundle.graph.arrays()["fc1", "Weights"].value
    for c in range(8):  # the flattened maps are 8 x 2 x 2
        for h in range(2):
            for w in range(2):
                assert (mine[:, h + 2 * w + 4 * c] == theirs[:, c * 4 + h * 2 + w]).all()


def flattened(*tail: Layer, output: str) -> LayerGraph:
    return LayerGraph("image", (2, 3, 4), (Layer("f", "FlattenLayer", ("image",)), *tail), output)


def test_the_order_of_flattened_features_goes_through_layers_until_a_linear_one() -> None:
    ones = {
        key: Array(np.arange(24, dtype=np.float32), key)
        for key in ("Scale", "Offset", "TrainedMean", "TrainedVariance")
    }
    linear = {"Weights": Array(np.ones((5, 24), np.float32), "w")}
    linear["Bias"] = Array(np.ones(5, np.float32), "b")
    graph = flattened(
        Layer("n", "BatchNormalizationLayer", ("f",), {"Epsilon": 1e-5}, ones),
        Layer("r", "ReLULayer", ("n",)),
        Layer("a", "AdditionLayer", ("r", "f")),
        Layer("m", "MultiplicationLayer", ("f", "a")),
        Layer("l", "FullyConnectedLayer", ("m",), {}, linear),
        Layer("s", "ReLULayer", ("l",)),
        output="s",
    )
    assert set(feature_orders(graph)) == {"f", "n", "r", "a", "m"}


def fully_connected(name: str, source: str, outputs: int, inputs: int = 24) -> Layer:
    arrays = {"Weights": Array(np.ones((outputs, inputs), np.float32), "w")}
    arrays["Bias"] = Array(np.ones(outputs, np.float32), "b")
    return Layer(name, "FullyConnectedLayer", (source,), {}, arrays)


@pytest.mark.parametrize("inputs", [("one", "f"), ("f", "one")])
def test_a_single_feature_multiplies_flattened_ones_in_any_order(inputs: tuple[str, str]) -> None:
    graph = flattened(
        fully_connected("one", "f", 1),
        Layer("m", "MultiplicationLayer", inputs),
        fully_connected("l", "m", 5),
        output="l",
    )
    orders = feature_orders(graph)
    assert set(orders) == {"f", "m"}
    assert orders["m"].tolist() == orders["f"].tolist()


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
        inputs=np.zeros((len(bundle.batch.labels), 2, 3, 4), np.float32),
    )
    path = tmp_path / "m.mat"
    card = replace(bundle.card, mean=(0.0, 0.0), std=(1.0, 1.0))
    path.write_bytes(mat_bytes(graph, card, batch, ONNX))
    stored = loadmat(path)["layers"].ravel()[1]["Scale"].ravel()
    assert stored.tolist() != arrays["Scale"].value.tolist()
    again = read_mat(path).graph.arrays()
    for key, array in graph.arrays().items():
        assert again[key].value.tobytes() == array.value.tobytes()


@pytest.mark.parametrize(
    ("tail", "output", "complaint"),
    [
        ([], "f", "output is a flattened map"),
        (
            [fully_connected("l", "f", 24), Layer("a", "AdditionLayer", ("l", "f"))],
            "a",
            "'a' joins features that were flattened from maps with others",
        ),
        (
            [fully_connected("l", "f", 24), Layer("m", "MultiplicationLayer", ("l", "f"))],
            "m",
            "'m' joins features that were flattened from maps with others",
        ),
    ],
)
def test_an_order_that_cannot_be_undone_is_rejected(
    tail: list[Layer], output: str, complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        feature_orders(flattened(*tail, output=output))


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
    wanted = {"format", "input", "layers", "outputs", "classes", "test"}
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


def test_a_file_without_normalization_holds_no_images(bundle: Bundle, tmp_path: Path) -> None:
    none = np.empty((0, *bundle.graph.input_size), np.uint8)
    batch = replace(bundle.batch, images=none, labels=np.empty(0, np.int64))
    card = replace(bundle.card, mean=(), std=())
    path = tmp_path / "m.mat"
    path.write_bytes(mat_bytes(bundle.graph, card, batch, ONNX))
    content = loadmat(path)
    assert content["input"]["Normalization"][0, 0].item() == "none"
    assert content["input"]["Mean"][0, 0].size == content["test"]["images"][0, 0].size == 0
    again = read_mat(path)
    assert again.card == card
    assert len(again.batch.images) == len(again.batch.labels) == 0
    np.testing.assert_array_equal(again.batch.inputs, bundle.batch.inputs)


def test_an_array_of_2_gib_is_rejected_before_it_is_written(bundle: Bundle) -> None:
    huge = np.broadcast_to(np.float32(0), (2**29, 10))  # 20 GiB that take no memory
    with pytest.raises(UserError, match=r"'test' of model.mat would take 20.0 GiB"):
        mat_bytes(bundle.graph, bundle.card, replace(bundle.batch, logits=huge), ONNX)


def test_layers_of_2_gib_are_rejected_before_a_byte_of_them_is_copied(bundle: Bundle) -> None:
    huge = np.broadcast_to(np.float32(0), (2**25, 24))  # 3 GiB that take no memory
    arrays = {"Weights": Array(huge, "w"), "Bias": Array(huge[:, 0], "b")}
    graph = flattened(Layer("l", "FullyConnectedLayer", ("f",), {}, arrays), output="l")
    with pytest.raises(UserError, match=r"'layers' of model.mat would take 3.1 GiB"):
        mat_bytes(graph, bundle.card, bundle.batch, ONNX)
    with pytest.raises(UserError, match=r"model.onnx would take 3.1 GiB.*less than 2 GiB"):
        onnx_from_graph(graph, bundle.card)


@pytest.mark.parametrize("length", [0, 10, 130, 1000, -1])
def test_a_truncated_file_is_rejected(file: Path, length: int) -> None:
    file.write_bytes(file.read_bytes()[:length])
    with pytest.raises(UserError, match="cannot be read as a MAT-file, or was cut short"):
        read_mat(file)


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
    content["format"]["version"][0, 0] = np.array([[2.0]])


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
        (set_version, "its format is version 2; this cifarx reads up to 1"),
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
