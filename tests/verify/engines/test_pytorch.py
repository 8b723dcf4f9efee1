"""PyTorch's logits and layer outputs, against the module itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch

from cifarx.pytorch_models.errors import EngineMissingError
from cifarx.pytorch_models.run import build_module
from cifarx.verify.engines.pytorch import PyTorch, open_channels_last, open_cuda, open_pytorch
from cifarx.verify.subject.files_and_run import NO_RUN, Subject, open_subject

NONE = np.empty((0, 3, 32, 32), np.uint8)


@pytest.fixture
def subject(work: Path) -> Subject:
    return open_subject(work / "model.onnx", work / "runs" / "tiny")


def noise(count: int) -> np.ndarray:
    return np.random.RandomState(0).standard_normal((count, 3, 32, 32)).astype(np.float32)


@torch.no_grad()
def by_module(subject: Subject, inputs: np.ndarray, dtype: torch.dtype) -> np.ndarray:
    assert subject.run is not None
    module = build_module(subject.run).to(dtype)
    return np.asarray(module(torch.from_numpy(inputs).to(dtype)))


def test_logits_and_truth_are_those_of_the_module(subject: Subject) -> None:
    inputs = noise(70)  # more than one mini-batch
    engine = PyTorch(subject)
    (truth,) = engine.truth([inputs])
    assert truth.dtype == np.float64
    np.testing.assert_allclose(truth, by_module(subject, inputs, torch.float64), rtol=1e-12)
    for opened in (engine, open_channels_last(subject)):
        logits = opened.run(NONE, [inputs]).logits
        assert logits.dtype == np.float32
        np.testing.assert_allclose(logits, truth, rtol=0, atol=1e-4)


def test_layer_outputs_are_those_of_the_modules(subject: Subject) -> None:
    engine, inputs = PyTorch(subject), noise(5)
    graph = engine.graph()
    taken: list[dict[str, np.ndarray]] = []
    (logits,) = engine.layers(graph, [inputs], lambda part, found: taken.append(dict(found)))
    (found,) = taken
    assert set(found) == {layer.name for layer in graph.layers}
    assert subject.run is not None
    module = build_module(subject.run)
    with torch.no_grad():
        conv1 = module.get_submodule("conv1")(torch.from_numpy(inputs)).numpy()
    np.testing.assert_allclose(found["conv1"], conv1, rtol=0, atol=1e-5)
    (before,) = next(layer.inputs for layer in graph.layers if layer.name == "relu1")
    assert np.array_equal(found["relu1"], np.maximum(found[before], 0))
    assert np.array_equal(logits, found[graph.outputs[0].layer])


def test_tf32_is_off_during_the_run_and_restored_after_it(subject: Subject) -> None:
    engine = PyTorch(subject)
    during: list[bool] = []
    engine._module.register_forward_hook(
        lambda *_: during.append(torch.backends.cuda.matmul.allow_tf32)
    )
    before = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = True
    try:
        engine.run(NONE, [noise(2)])
        assert torch.backends.cuda.matmul.allow_tf32
    finally:
        torch.backends.cuda.matmul.allow_tf32 = before
    assert during == [False]


def test_without_a_run_it_is_missing(work: Path) -> None:
    with pytest.raises(EngineMissingError, match="--checkpoint RUN"):
        open_pytorch(open_subject(work / "model.onnx", NO_RUN))


def test_without_a_gpu_cuda_is_missing(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    with pytest.raises(EngineMissingError, match="no GPU"):
        open_cuda(subject)
