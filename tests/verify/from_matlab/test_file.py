"""What is read of a file from MATLAB."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import faults
import numpy as np
import onnx
import pytest

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.from_matlab.file import read_tuned


def no_reference(content: dict[str, Any]) -> None:
    content["test"][0, 0]["reference"] = np.empty((0, 0))  # as cifarx.save leaves it


def test_an_export_has_no_outputs_of_matlab(work: Path) -> None:
    tuned = read_tuned(work / "model.mat")
    assert tuned.is_mat
    assert tuned.batch is None  # its outputs are PyTorch's
    assert tuned.sha256 == hashlib.sha256((work / "model.mat").read_bytes()).hexdigest()
    weights = (work / "runs" / "tiny" / "model.safetensors").read_bytes()
    assert tuned.base_sha256 == hashlib.sha256(weights).hexdigest()


def test_a_saved_network_has_the_outputs_of_matlab(work: Path) -> None:
    faults.edit_mat(work, no_reference)
    batch = read_tuned(work / "model.mat").batch
    assert batch is not None
    assert batch.logits.shape == (len(batch.inputs[0]), 10)


def test_a_saved_network_whose_arrays_were_edited_is_refused(work: Path) -> None:
    faults.edit_mat(work, no_reference)
    faults.edit_layer(work, "conv2", "Bias", lambda bias: bias + 1)
    with pytest.raises(UserError, match="damaged or edited"):
        read_tuned(work / "model.mat")


def test_an_onnx_file_of_another_exporter_has_no_card(work: Path) -> None:
    ours = read_tuned(work / "model.onnx")
    assert ours.card is not None
    assert ours.base_sha256 == ours.card.checkpoint_sha256
    model = onnx.load(work / "model.onnx")
    del model.metadata_props[:]
    onnx.save(model, work / "model.onnx")
    foreign = read_tuned(work / "model.onnx")
    assert (foreign.card, foreign.base_sha256, foreign.batch) == (None, "", None)
    assert [la.name for la in foreign.graph.layers] == [la.name for la in ours.graph.layers]


@pytest.mark.parametrize("name", ["tuned.pt", "tuned", "tuned.MAT"])
def test_another_ending_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(UserError, match=r"is named neither \.mat nor \.onnx"):
        read_tuned(tmp_path / name)
