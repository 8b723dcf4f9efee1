"""ONNX Runtime's logits and layer outputs, against PyTorch in float64."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import pytest

from cifarx.export.network.compute import run_graph
from cifarx.pytorch_models.errors import EngineError, EngineMissingError
from cifarx.verify.engines.onnx_runtime import open_cuda, open_onnx_runtime, open_unoptimized
from cifarx.verify.subject.files_and_run import NO_RUN, Subject, open_subject

NONE = np.empty((0, 3, 32, 32), np.uint8)


def noise(count: int) -> np.ndarray:
    return np.random.RandomState(0).standard_normal((count, 3, 32, 32)).astype(np.float32)


@pytest.fixture
def subject(work: Path) -> Subject:
    return open_subject(work / "model.onnx", NO_RUN)


@pytest.mark.parametrize("opened", [open_onnx_runtime, open_unoptimized])
def test_logits_are_those_of_the_network(subject: Subject, opened: object) -> None:
    inputs = noise(70)  # more than one mini-batch
    outputs = opened(subject).run(NONE, [inputs])  # type: ignore[operator]
    assert subject.onnx_graph is not None
    assert outputs.logits.dtype == np.float32
    assert outputs.normalized is None
    np.testing.assert_allclose(
        outputs.logits, run_graph(subject.onnx_graph, inputs), rtol=0, atol=1e-4
    )


def test_every_layer_gives_its_output(subject: Subject) -> None:
    graph, inputs = subject.onnx_graph, noise(70)
    assert graph is not None
    taken: list[tuple[list[np.ndarray], dict[str, np.ndarray]]] = []
    engine = open_onnx_runtime(subject)
    (logits,) = engine.layers(
        graph, [inputs], lambda part, found: taken.append((list(part), dict(found)))
    )
    assert np.array_equal(np.concatenate([part[0] for part, _ in taken]), inputs)
    for name, shape in graph.shapes().items():
        if name != graph.inputs[0].name:
            assert np.concatenate([found[name] for _, found in taken]).shape == (70, *shape)
    (before,) = next(layer.inputs for layer in graph.layers if layer.name == "relu1")
    for _, found in taken:
        assert np.array_equal(found["relu1"], np.maximum(found[before], 0))
    last = np.concatenate([found[graph.outputs[0].layer] for _, found in taken])
    assert np.array_equal(logits, last)


def test_a_file_with_a_fixed_batch_size_takes_any_number_of_images(work: Path) -> None:
    inputs = noise(10)
    free = open_onnx_runtime(open_subject(work / "model.onnx", NO_RUN)).run(NONE, [inputs]).logits
    model = onnx.load(work / "model.onnx")
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(model, work / "model.onnx")
    fixed = open_onnx_runtime(open_subject(work / "model.onnx", NO_RUN)).run(NONE, [inputs]).logits
    assert fixed.shape == (10, 10)
    np.testing.assert_allclose(fixed, free, rtol=0, atol=1e-5)


def test_a_rejected_file_is_an_error_in_one_line(subject: Subject) -> None:
    Path(subject.onnx_path).write_bytes(b"not ONNX")
    with pytest.raises(EngineError, match=r"^it does not load the file: .+") as error:
        open_onnx_runtime(subject)
    assert "\n" not in str(error.value)


def test_cuda_that_is_not_installed_is_missing(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    import onnxruntime

    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["CPUExecutionProvider"])
    with pytest.raises(EngineMissingError, match="no CUDA provider"):
        open_cuda(subject)
