"""Networks for other tasks than classes of images are EQUIVALENT in every engine, Octave too.

The networks are in tests/support, `task_networks`: segmentation, denoising, regression, policies,
signals, embeddings, several inputs and outputs.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnxruntime
import pytest
from task_networks import TASK_NETWORKS

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.model_contract import SourceOptions
from cifarx.export.sources import open_source
from cifarx.verify.findings.check import Outcome
from cifarx.verify.findings.result import Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

QUICK = ("unet_bilinear", "actor_critic", "ecg", "image_and_state")
ENGINES = ("onnxruntime", "onnxruntime-unoptimized", "octave")


@pytest.mark.octave
@pytest.mark.parametrize(
    "name", [pytest.param(n, marks=[] if n in QUICK else [pytest.mark.slow]) for n in TASK_NETWORKS]
)
def test_a_network_for_another_task_is_equivalent_in_every_engine(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, octave_program: str
) -> None:
    network = TASK_NETWORKS[name]
    monkeypatch.chdir(tmp_path)
    options = SourceOptions(input_sizes=network.sizes, task=network.asked)
    source = open_source(f"task_networks:{name}", options)
    assert source.bundle.card.task == network.task
    write_bundle(source.bundle, tmp_path, name, Formats(onnx=True, mat=True))
    session = onnxruntime.InferenceSession(f"{name}.onnx")
    assert [tuple(one.shape[1:]) for one in session.get_inputs()] == list(network.sizes)

    result = verify(VerifyOptions(Path(f"{name}.onnx"), ENGINES, layer_images=8))
    text = "\n".join(lines(result))
    assert result.verdict is Verdict.EQUIVALENT, text
    assert not [c for c in result.checks() if c.outcome is Outcome.FAILED], text

    again = open_source(f"{name}.onnx", SourceOptions(), answers=False)
    write_bundle(again.bundle, tmp_path, "again", Formats(onnx=True))
    assert Path("again.onnx").read_bytes() == Path(f"{name}.onnx").read_bytes()


def test_onnx_runtime_takes_the_inputs_by_their_arguments_names(tmp_path: Path) -> None:
    network = TASK_NETWORKS["image_and_state"]
    options = SourceOptions(input_sizes=network.sizes, task=network.asked)
    source = open_source("task_networks:image_and_state", options)
    write_bundle(source.bundle, tmp_path, "robot", Formats(onnx=True))
    session = onnxruntime.InferenceSession(tmp_path / "robot.onnx")
    batch = source.bundle.batch
    assert batch is not None
    image, state = batch.inputs
    (found,) = session.run(None, {"image": image, "state": state})
    np.testing.assert_allclose(found, batch.references[0], atol=1e-6)
