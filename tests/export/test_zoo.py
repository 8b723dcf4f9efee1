"""Every network of the zoo, with random weights and statistics, through both files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch
from scipy.io import loadmat

from cifarx.export.bundle import Bundle, write_bundle
from cifarx.export.card import ModelCard
from cifarx.export.reference import make_batch
from cifarx.export.torch_reader import graph_from_module
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.data.images import Images
from cifarx.pytorch_models.registry import ModelSpec
from cifarx.verify.numerics import judge_logits, make_truth

COUNT = 6


def random_bundle(spec: ModelSpec) -> Bundle:
    torch.manual_seed(0)
    module = spec.builder(7).eval()
    for name, buffer in module.named_buffers():
        if name.endswith("running_mean"):
            buffer.normal_(0, 0.1)
        elif name.endswith("running_var"):
            buffer.uniform_(0.5, 2)
    pixels = np.random.RandomState(0).randint(0, 256, (COUNT, *spec.input_size), dtype=np.uint8)
    half = np.full(spec.input_size[0], 127.5, np.float32)
    images = Images(pixels, np.arange(COUNT) % 7)
    numbers = tuple(map(float, half))
    card = ModelCard(spec.name, "none", tuple("abcdefg"), numbers, numbers, "0" * 64)
    return Bundle(
        graph_from_module(module, spec.input_size), card, make_batch(module, images, half, half)
    )


@pytest.mark.octave
@pytest.mark.parametrize("spec", registry.models().values(), ids=lambda spec: spec.name)
def test_onnx_runtime_and_octave_compute_what_pytorch_does(
    spec: ModelSpec, octave: Callable[[str], str], tmp_path: Path
) -> None:
    bundle = random_bundle(spec)
    onnx, _ = write_bundle(bundle, tmp_path, "model", onnx=True, mat=True)
    batch = bundle.batch
    truth = make_truth(batch.reference, batch.logits, "PyTorch")
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"image": batch.inputs})
    assert judge_logits(logits, truth).passed
    octave(
        "net = cifarx.load('model.mat');"
        "Y = cifarx.predict(net, net.test.images);"
        "save('-v6', 'out.mat', 'Y');"
    )
    judgement = judge_logits(loadmat(tmp_path / "out.mat")["Y"].T, truth)
    assert judgement.passed, judgement
