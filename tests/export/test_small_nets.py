"""Networks with any inputs and outputs, from PyTorch to both files and back.

PyTorch itself, ONNX Runtime and scipy.io.loadmat are the independent references.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from scipy.io import loadmat
from small_nets import SMALL_NETS

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.from_torch.calls import named_outputs
from cifarx.export.mat.reader import read_mat
from cifarx.export.model_contract import SourceOptions
from cifarx.export.sources import Source, open_source

BOTH = Formats(onnx=True, mat=True)
FORMATS = {1: "CB", 2: "SCB", 3: "SSCB"}


@pytest.fixture(params=SMALL_NETS)
def name(request: pytest.FixtureRequest) -> str:
    torch.manual_seed(0)
    return str(request.param)


def opened(name: str, **options: Any) -> Source:
    torch.manual_seed(0)
    return open_source(
        f"small_nets:{name}", SourceOptions(input_sizes=SMALL_NETS[name][0], **options)
    )


def written(source: Source, folder: Path, name: str) -> Path:
    write_bundle(source.bundle, folder, name, BOTH)
    return folder / name


def of_torch(source: Source, inputs: tuple[np.ndarray, ...]) -> list[np.ndarray]:
    """What the module itself gives in float64."""
    module = source.bundle.module
    assert module is not None
    with torch.no_grad():
        outputs = module.double()(*(torch.from_numpy(x).double() for x in inputs))
    module.float()
    return [y.numpy() for y in named_outputs(outputs, "").values()]


def matlabs(values: np.ndarray) -> np.ndarray:
    """(N, d1, ..., dk) as MATLAB has it, Size x N with Size (d2, ..., dk, d1)."""
    return np.moveaxis(np.moveaxis(values, 0, -1), 0, -2) if values.ndim > 1 else values[None]


def test_both_files_hold_its_inputs_outputs_and_answers(name: str, tmp_path: Path) -> None:
    _, outputs, task = SMALL_NETS[name]
    source = opened(name)
    path = written(source, tmp_path, "net")
    card, batch = source.bundle.card, source.bundle.batch
    assert batch is not None
    assert card.task == task
    truth = of_torch(source, batch.inputs)
    for reference, expected in zip(batch.references, truth, strict=True):
        np.testing.assert_allclose(reference, expected, rtol=0, atol=1e-13)

    session = onnxruntime.InferenceSession(f"{path}.onnx")
    given = source.bundle.graph.inputs
    assert {i.name: tuple(i.shape) for i in session.get_inputs()} == {
        one.name: ("N", *one.shape) for one in given
    }
    assert {o.name: tuple(o.shape) for o in session.get_outputs()} == {
        key: ("N", *shape) for key, shape in outputs.items()
    }
    feed = {one.name: x[:5] for one, x in zip(given, batch.inputs, strict=True)}
    for found, expected in zip(session.run(None, feed), truth, strict=True):
        np.testing.assert_allclose(found, expected[:5], rtol=1e-5, atol=1e-5)

    content = loadmat(f"{path}.mat")
    assert content["task"].item() == task
    inputs = content["inputs"].ravel()
    assert [i["Name"].item() for i in inputs] == [one.name for one in given]
    assert [i["Format"].item() for i in inputs] == [FORMATS[len(one.shape)] for one in given]
    assert [i["Normalization"].item() for i in inputs] == ["none"] * len(given)
    stored = content["test"][0, 0]
    assert stored["images"].size == stored["labels"].size == 0
    several = len(given) > 1
    cells = list(stored["inputs"].ravel()) if several else [stored["inputs"]]
    for entry, cell, x in zip(inputs, cells, batch.inputs, strict=True):
        expected = matlabs(x)
        assert entry["Size"].ravel().tolist() == list(expected.shape[:-1])
        assert cell.dtype == np.float32
        np.testing.assert_array_equal(cell, expected)
    assert [o["Name"].item() for o in content["outputs"].ravel()] == list(outputs)
    for field, answers, dtype in (
        ("outputs", batch.outputs, np.float32),
        ("reference", batch.references, np.float64),
    ):
        cells = list(stored[field].ravel()) if len(outputs) > 1 else [stored[field]]
        for entry, cell, shape, y in zip(
            content["outputs"].ravel(), cells, outputs.values(), answers, strict=True
        ):
            assert entry["Size"].ravel().tolist() == list((*shape[1:], *shape[:1]))
            label = entry["Format"]
            assert (label.item() if label.size else "") == FORMATS.get(len(shape), "")
            assert cell.dtype == dtype
            np.testing.assert_array_equal(cell, matlabs(y))


def test_a_round_trip_gives_the_same_bytes(name: str, tmp_path: Path) -> None:
    source = opened(name)
    path = written(source, tmp_path, "net")
    again = open_source(f"{path}.onnx", SourceOptions())
    write_bundle(again.bundle, tmp_path, "again", BOTH)
    assert (tmp_path / "again.onnx").read_bytes() == Path(f"{path}.onnx").read_bytes()
    assert again.bundle.card == source.bundle.card
    mine, theirs = read_mat(tmp_path / "again.mat"), read_mat(Path(f"{path}.mat"))
    assert mine.graph.inputs == theirs.graph.inputs == source.bundle.graph.inputs
    assert mine.graph.outputs == theirs.graph.outputs == source.bundle.graph.outputs
    assert mine.arrays_sha256 == theirs.arrays_sha256
    assert mine.onnx_sha256 == theirs.onnx_sha256
    for x, y in zip(mine.batch.inputs, theirs.batch.inputs, strict=True):
        np.testing.assert_array_equal(x, y)
    for x, y in zip(mine.batch.references, theirs.batch.references, strict=True):
        # model.onnx holds computed constants, such as 1 / std, in single
        np.testing.assert_allclose(x, y, rtol=0, atol=1e-7)


def test_signals_stay_in_one_dimension_where_nothing_is_along_the_height(tmp_path: Path) -> None:
    for name in ("Beats", "Filtered"):
        path = written(opened(name), tmp_path, name)
        nodes = onnx.load(f"{path}.onnx").graph.node
        assert not {"Unsqueeze", "Squeeze"} & {node.op_type for node in nodes}
        windows = [
            list(attribute.ints)
            for node in nodes
            for attribute in node.attribute
            if attribute.name == "kernel_shape"
        ]
        assert windows
        assert all(len(window) == 1 for window in windows)


def test_pytorchs_own_formats_take_several_inputs(tmp_path: Path) -> None:
    source = opened("Two")
    write_bundle(source.bundle, tmp_path, "two", Formats(pt2=True))
    x = torch.randn(1, 3, 8, 8), torch.randn(1, 4)
    module = source.bundle.module
    assert module is not None
    with torch.no_grad():
        found = torch.export.load(tmp_path / "two.pt2").module()(*x)
        np.testing.assert_allclose(found.numpy(), module(*x).numpy(), atol=1e-6)


def test_inputs_are_passed_by_name_where_names_are_given(tmp_path: Path) -> None:
    options = SourceOptions(input_sizes=((4,), (3, 8, 8)), input_names=("state", "image"))
    source = open_source("small_nets:Named", options)
    assert [one.name for one in source.bundle.graph.inputs] == ["state", "image"]
    batch, module = source.bundle.batch, source.bundle.module
    assert batch is not None
    assert module is not None
    state, image = (torch.from_numpy(x) for x in batch.inputs)
    with torch.no_grad():
        expected = module(image=image, state=state).numpy()
    np.testing.assert_allclose(batch.outputs[0], expected, atol=1e-6)
    path = written(source, tmp_path, "named")
    again = open_source(f"{path}.onnx", SourceOptions())
    assert again.bundle.graph.inputs == source.bundle.graph.inputs


def test_an_argument_keeps_its_name_whatever_the_files_call_it(tmp_path: Path) -> None:
    options = SourceOptions(input_sizes=((8,),), input_names=("_x",))
    source = open_source("small_nets:Odd", options)
    assert [one.name for one in source.bundle.graph.inputs] == ["features"]
    write_bundle(source.bundle, tmp_path, "odd", Formats(onnx=True, mat=True, pt2=True))
    x = torch.randn(1, 8)
    assert source.bundle.module is not None
    with torch.no_grad():
        found = torch.export.load(tmp_path / "odd.pt2").module()(_x=x)
        np.testing.assert_allclose(found.numpy(), source.bundle.module(_x=x).numpy(), atol=1e-6)


@pytest.mark.parametrize(("name", "task"), [("Pixels", "segmentation"), ("Two", "regression")])
def test_the_task_is_kept_in_both_files(name: str, task: str, tmp_path: Path) -> None:
    source = opened(name, task=task)
    path = written(source, tmp_path, "net")
    classes = tuple(f"class_{i}" for i in range(1, 5)) if task == "segmentation" else ()
    for card in (
        source.bundle.card,
        read_mat(Path(f"{path}.mat")).card,
        open_source(f"{path}.onnx", SourceOptions()).bundle.card,
    ):
        assert (card.task, card.classes) == (task, classes)
    assert [o.name for o in source.bundle.graph.outputs] == ["output"]
    assert loadmat(f"{path}.mat")["classes"].shape == (1, len(classes))


def test_labels_of_pixels_make_a_segmentation(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    x = random.standard_normal((3, 3, 8, 6)).astype(np.float32)
    labels = random.randint(-1, 4, (3, 8, 6))
    np.savez(tmp_path / "data.npz", images=x, labels=labels)
    source = opened("Pixels", data=str(tmp_path / "data.npz"))
    assert source.bundle.card.task == "segmentation"
    path = written(source, tmp_path, "net")
    stored = loadmat(f"{path}.mat")["test"]["labels"][0, 0]
    assert stored.dtype == np.float64
    np.testing.assert_array_equal(stored, labels.transpose(1, 2, 0) + 1)
    np.testing.assert_array_equal(read_mat(Path(f"{path}.mat")).batch.labels, labels)


def test_data_of_several_inputs_come_under_their_names(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    image = random.standard_normal((5, 3, 8, 8)).astype(np.float32)
    state = random.standard_normal((5, 4)).astype(np.float32)
    np.savez(tmp_path / "data.npz", state=state, image=image, labels=[0, 2, 1, 1, 0])
    batch = opened("Two", data=str(tmp_path / "data.npz")).bundle.batch
    assert batch is not None
    np.testing.assert_array_equal(batch.inputs[0], image)
    np.testing.assert_array_equal(batch.inputs[1], state)
    assert batch.labels.tolist() == [0, 2, 1, 1, 0]


def test_an_image_beside_other_inputs_may_be_of_pixels(tmp_path: Path) -> None:
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (5, 3, 8, 8), np.uint8)
    state = random.standard_normal((5, 4)).astype(np.float32)
    np.savez(tmp_path / "data.npz", state=state, image=pixels)
    known = {"mean": (0.5, 0.5, 0.5), "std": (0.25, 0.25, 0.5)}
    source = opened("Two", data=str(tmp_path / "data.npz"), **known)
    path = written(source, tmp_path, "net")
    content, file = loadmat(f"{path}.mat"), read_mat(Path(f"{path}.mat"))
    assert [i["Normalization"].item() for i in content["inputs"].ravel()] == ["zscore", "none"]
    np.testing.assert_array_equal(content["test"]["images"][0, 0], pixels.transpose(2, 3, 1, 0))
    np.testing.assert_array_equal(file.batch.images, pixels)
    scale = np.array([0.25, 0.25, 0.5])[:, None, None]
    np.testing.assert_allclose(file.batch.inputs[0], (pixels / 255 - 0.5) / scale, atol=1e-6)
    noise = opened("Two", **known).bundle.batch
    assert noise is not None
    assert noise.images.shape == noise.inputs[0].shape == (64, 3, 8, 8)
