"""Every network of the zoo, and one of a user's, with random weights, through both files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import onnxruntime
import pytest
import torch
from random_networks import random_bundle
from scipy.io import loadmat
from torch import nn
from training import train_run

from cifarx.export.bundle import Bundle, Formats, bundle_run, write_bundle
from cifarx.export.mat.reader import read_mat
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.recipe import load_recipe
from cifarx.pytorch_models.registry import ModelSpec
from cifarx.verify.findings.result import Verdict
from cifarx.verify.ladder.logits import judge_outputs, make_truth
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify


def assert_runtimes_agree(bundle: Bundle, octave: Callable[[str], str], tmp_path: Path) -> None:
    onnx, _ = write_bundle(bundle, tmp_path, "model", Formats(onnx=True, mat=True))
    batch = bundle.batch
    truth = make_truth(batch.references, batch.outputs, "PyTorch")
    session = onnxruntime.InferenceSession(onnx, providers=["CPUExecutionProvider"])
    (logits,) = session.run(None, {"image": batch.inputs[0]})
    assert judge_outputs([logits], truth).passed
    octave(
        "net = cifarx.load('model.mat');"
        "Y = cifarx.predict(net, net.test.images);"
        "save('-v6', 'out.mat', 'Y');"
    )
    judgement = judge_outputs([loadmat(tmp_path / "out.mat")["Y"].T], truth)
    assert judgement.passed, judgement


TINY = [spec for spec in registry.models().values() if spec.name.endswith("-tiny")]
WHOLE = [spec for spec in registry.models().values() if spec not in TINY]


def test_every_family_has_a_tiny_member() -> None:
    assert {spec.family for spec in TINY} == {spec.family for spec in WHOLE}


@pytest.mark.octave
@pytest.mark.usefixtures("octave_program", "remembered")
@pytest.mark.parametrize("spec", TINY, ids=lambda spec: spec.name)
def test_a_family_trains_a_step_exports_and_verifies(spec: ModelSpec, tmp_path: Path) -> None:
    run = train_run(spec.name, load_recipe(spec.recipe).dataset, limit=50, epochs=1, out=tmp_path)
    assert run.record.epochs_done == 1
    write_bundle(bundle_run(run), tmp_path, "model", Formats(onnx=True, mat=True))
    engines = ("pytorch", "onnxruntime", "octave")
    result = verify(VerifyOptions(tmp_path / "model.onnx", engines, checkpoint=run.folder))
    assert result.verdict is Verdict.EQUIVALENT
    assert result.compared_engines() == ("onnxruntime", "octave")


@pytest.mark.slow
@pytest.mark.octave
@pytest.mark.parametrize("spec", WHOLE, ids=lambda spec: spec.name)
def test_onnx_runtime_and_octave_compute_what_pytorch_does(
    spec: ModelSpec, octave: Callable[[str], str], tmp_path: Path
) -> None:
    bundle = random_bundle(spec.builder, spec.name, spec.input_size)
    assert_runtimes_agree(bundle, octave, tmp_path)


class Mixed(nn.Module):
    """Two convolutions, mixed anew for each image by coefficients that are computed from it."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.convolutions = nn.ModuleList(nn.Conv2d(4, 4, 3, padding=1) for _ in range(2))
        self.coefficients = nn.ModuleList(nn.Conv2d(4, 1, 1) for _ in range(2))
        self.pool = nn.AdaptiveAvgPool2d(1)
        self.norm = nn.BatchNorm2d(4)
        self.head = nn.Linear(4 * 4 * 5, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem(x)
        mean = self.pool(x)  # (N, 4, 1, 1)
        first, second = (
            coefficient(mean) * convolution(x)  # (N, 1, 1, 1) * (N, 4, 8, 10)
            for coefficient, convolution in zip(self.coefficients, self.convolutions, strict=True)
        )
        x = torch.relu(self.norm(first + second) + x)
        return self.head(nn.functional.avg_pool2d(x, 2).flatten(1))


@pytest.mark.octave
def test_convolutions_mixed_image_by_image_compute_what_pytorch_does(
    octave: Callable[[str], str], tmp_path: Path
) -> None:
    bundle = random_bundle(Mixed, "mixed", (3, 8, 10))
    assert [la.kind for la in bundle.graph.layers].count("MultiplicationLayer") == 2
    again = read_mat(write_bundle(bundle, tmp_path, "again", Formats(mat=True))[0]).graph
    assert [(la.kind, la.inputs) for la in again.layers] == [
        (la.kind, la.inputs) for la in bundle.graph.layers
    ]
    assert_runtimes_agree(bundle, octave, tmp_path)
