"""Rung 1 on whole files: cards, sizes, normalised images and digests."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import computed_constants
import faults
import numpy as np
import onnx
import pytest

from cifarx.export.bundle import Bundle, Formats, write_bundle
from cifarx.pytorch_models.data.images import Images
from cifarx.verify.findings.contract import Contract
from cifarx.verify.ladder.inputs.contract import check_contract
from cifarx.verify.subject.files_and_run import open_subject
from cifarx.verify.subject.images import compared_images

NO_LABELS = np.empty(0, np.int64)


def contract(normalized: Callable[[np.ndarray], np.ndarray] | None = None) -> Contract:
    """Of the files in the current folder; a runtime called octave normalises as it is told."""
    subject = open_subject(Path("model.onnx"), None)
    compared = compared_images(subject, 20)
    by = {} if normalized is None else {"octave": normalized(compared.inputs[0].copy())}
    return check_contract(subject, compared.images, compared.inputs, by)


def test_sound_files_agree(work: Path) -> None:
    found = contract(lambda inputs: inputs)
    assert found.faults == ()
    assert not found.meaning_changed
    assert found.normalized_by == ("python", "octave", "model.mat")
    subject = open_subject(work / "model.onnx", None)
    (inputs,) = compared_images(subject, 20).inputs
    assert found.inputs_sha256 == hashlib.sha256(inputs.tobytes()).hexdigest()


def test_a_runtime_that_normalises_by_one_rounding_otherwise_is_named(work: Path) -> None:
    def one_off(inputs: np.ndarray) -> np.ndarray:
        inputs[0, 0, 0, 0] = np.nextafter(inputs[0, 0, 0, 0], np.float32(9))
        return inputs

    for change in (one_off, lambda inputs: inputs[:5]):
        found = contract(change)
        assert found.faults == ("octave normalises the images differently from python",)
        assert found.meaning_changed
        assert found.normalized_by == ("python", "model.mat")


@pytest.mark.parametrize(
    ("key", "edit", "meaning"),
    [
        ("classes", faults.swap_names, True),
        ("mean", lambda mean: [mean[0] + 1, *mean[1:]], True),
        ("std", lambda std: [2 * s for s in std], True),
    ],
)
def test_what_gives_images_another_meaning_is_told_apart(
    work: Path, key: str, edit: Callable[[Any], Any], meaning: bool
) -> None:
    faults.edit_metadata(work, key, edit)
    found = contract()
    assert found.meaning_changed is meaning
    assert any(fault.startswith(f"model.onnx has {key} ") for fault in found.faults)
    assert any(", the run '" in fault for fault in found.faults)


def test_another_identity_changes_no_meaning(work: Path) -> None:
    def rename(model: onnx.ModelProto) -> None:
        (entry,) = (e for e in model.metadata_props if e.key == "model")
        entry.value = "bn9"

    faults.edit_onnx(work, rename)
    found = contract()
    assert not found.meaning_changed
    assert any(fault.startswith("model.onnx has model 'bn9'") for fault in found.faults)


def test_metadata_that_are_missing_are_told(work: Path) -> None:
    faults.edit_onnx(work, lambda model: model.ClearField("metadata_props"))
    found = contract()
    assert found.faults[-1] == "model.onnx lacks the metadata that cifarx writes"
    assert not found.meaning_changed


def test_a_second_output_is_a_fault(work: Path) -> None:
    faults.edit_onnx(work, lambda model: model.graph.output.append(model.graph.output[0]))
    assert any("outputs differ in number or size" in fault for fault in contract().faults)


def test_test_inputs_of_other_images_are_a_fault(work: Path) -> None:
    faults.edit_mat(work, lambda c: c["test"]["images"][0, 0].__iadd__(1))
    found = contract()
    assert any("test inputs are not its test images normalised" in f for f in found.faults)
    assert "model.mat" not in found.normalized_by


def test_labels_that_are_wrong_are_counted(work: Path) -> None:
    def swap(content: dict[str, Any]) -> None:
        labels = content["test"]["labels"][0, 0]
        content["test"]["labels"][0, 0] = labels % 10 + 1

    faults.edit_mat(work, swap)
    assert any("wrong labels for 60 of its 60 images" in fault for fault in contract().faults)


def test_a_digest_that_is_not_that_of_the_arrays_is_a_fault(work: Path) -> None:
    faults.edit_layer(work, "conv1", "Bias", faults.flip_bit)
    assert "model.mat's arrays_sha256 is not that of its arrays" in contract().faults


def set_onnx_digest(folder: Path, digest: str) -> None:
    def change(content: dict[str, Any]) -> None:
        content["format"]["onnx_sha256"][0, 0] = np.array([digest])

    faults.edit_mat(folder, change)


def test_the_digest_may_be_that_of_model_onnx_or_of_any_opset_of_its_network(
    work: Path, bundle: Bundle
) -> None:
    write_bundle(bundle, work, "other", Formats(onnx=True), opset=20)
    other = hashlib.sha256((work / "other.onnx").read_bytes()).hexdigest()
    set_onnx_digest(work, other)
    assert contract().faults == ()
    # model.onnx rewritten by another tool: model.mat still names the one that cifarx writes
    set_onnx_digest(work, hashlib.sha256((work / "model.onnx").read_bytes()).hexdigest())
    faults.edit_onnx(work, lambda model: setattr(model, "doc_string", "rewritten"))
    assert contract().faults == ()


@pytest.mark.parametrize("digest", ["0" * 64, "not a digest", ""])
def test_a_digest_of_no_such_file_is_a_fault(work: Path, digest: str) -> None:
    set_onnx_digest(work, digest)
    (fault,) = contract().faults
    assert fault.startswith(
        f"model.mat's onnx_sha256 ({digest[:12]}…) is neither that of model.onnx"
    )
    assert "export both again" in fault


def test_a_digest_of_another_network_is_a_fault(work: Path, bundle: Bundle) -> None:
    other = replace(bundle, card=replace(bundle.card, recipe="another"))
    write_bundle(other, work, "other", Formats(onnx=True))
    set_onnx_digest(work, hashlib.sha256((work / "other.onnx").read_bytes()).hexdigest())
    assert any("onnx_sha256" in fault for fault in contract().faults)


def test_what_a_mat_file_holds_beyond_its_format_is_told_where_it_is_the_original(
    work: Path,
) -> None:
    faults.edit_mat(work, lambda content: content.__setitem__("extra", np.ones((1, 1))))
    assert contract().faults == ()  # the audit against the run lists it
    shutil.rmtree(work / "runs")
    assert contract().faults == ("model.mat holds content that its format does not have: 'extra'",)


def test_inputs_without_pixels_are_normalised_by_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    computed_constants.write("normed", tmp_path)
    monkeypatch.chdir(tmp_path)
    subject = open_subject(Path("model.onnx"), None)
    inputs = computed_constants.noise(6)
    pixels = np.empty((0, *computed_constants.SIZE), np.uint8)
    for labels in (NO_LABELS, np.arange(6) % 4):
        found = check_contract(subject, Images(pixels, labels), inputs, {})
        assert found.faults == found.normalized_by == ()
