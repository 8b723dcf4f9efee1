"""`cifarx import`: make a run from a network tuned in MATLAB, if PyTorch gives the same outputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from safetensors.numpy import save as safetensors_bytes

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import (
    RECORD,
    WEIGHTS,
    ImportRecord,
    Run,
    RunRecord,
    build_module,
    load_run,
)
from cifarx.pytorch_models.run_folder import new_folder
from cifarx.pytorch_models.run_images import sample_images
from cifarx.verify.findings.check import Check, judged
from cifarx.verify.from_matlab.file import TunedFile, read_tuned, require_classifier
from cifarx.verify.from_matlab.find_parent import find_parent
from cifarx.verify.from_matlab.weights import NewWeights, new_weights
from cifarx.verify.ladder.logits import judge_outputs, make_truth

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ImportOptions:
    """The options of `cifarx import`."""

    file: Path
    into: str | None = None
    """Folder of the new run in runs/; None takes the name of the file."""
    run: Path | None = None
    """The parent run; None searches for it."""


@dataclass(frozen=True)
class Imported:
    """The new run, with its parent, notes and check."""

    run: Run
    parent: Run
    notes: tuple[str, ...]
    check: Check | None
    """PyTorch's logits against those in the file; None if the file has none."""


def import_run(
    options: ImportOptions,
    progress: Callable[[str], None] = lambda _: None,
    tuned: TunedFile | None = None,
) -> Imported:
    """Make a run with the weights of a file, in the network of its parent run.

    Everything is checked before anything is written, and the folder appears by rename.

    Args:
        options: see `ImportOptions`.
        progress: called with the current stage.
        tuned: the file, if it has been read.

    Raises:
        UserError: the file cannot be read, its run is not found, it has something that a run
            cannot hold, PyTorch gives other outputs, or the folder exists.
    """
    folder, numbered = folder_of(options)
    tuned = tuned or read_tuned(options.file, progress)
    require_classifier(options.file, tuned.graph)
    parent, graph = find_parent(tuned, options.run, progress)
    progress("weights")
    weights = new_weights(tuned, parent, graph)
    module = _module_with(parent, weights)
    progress("answers")
    check = _answers(tuned, module)
    metrics, missing = _metrics(parent, module)
    content = safetensors_bytes(dict(weights.state))
    record = _record(tuned, parent, weights, content, metrics)
    files = {WEIGHTS: content, RECORD: (record.model_dump_json(indent=2) + "\n").encode()}
    made = new_folder(folder, files, numbered=numbered, option="--into")
    return Imported(load_run(made), parent, (*weights.notes, *missing), check)


def folder_of(options: ImportOptions) -> tuple[Path, bool]:
    """Return the folder of the run, and whether a number is added if its name is taken."""
    if options.into is None:
        return Path("runs") / options.file.stem, True
    folder = Path("runs") / options.into
    if folder.parent != Path("runs") or not folder.name.strip("."):
        raise UserError(
            f"--into {options.into!r} is not a name of a folder in runs/. Give a plain name, such "
            f"as --into {options.file.stem}."
        )
    if folder.exists():
        raise UserError(
            f"--into {options.into}: {folder} already exists, and cifarx does not overwrite runs. "
            "Give another name, or remove that folder."
        )
    return folder, False


def _module_with(parent: Run, weights: NewWeights) -> nn.Module:
    import torch

    module = build_module(parent)
    tensors = {name: torch.from_numpy(value.copy()) for name, value in weights.state.items()}
    module.load_state_dict(tensors, strict=True)
    return module


def _answers(tuned: TunedFile, module: nn.Module) -> Check | None:
    """Compare PyTorch's logits with the new weights to those in the file."""
    if tuned.batch is None:
        return None
    from cifarx.export.from_torch.answers import make_answers
    from cifarx.export.from_torch.calls import Example

    example = Example(tuned.graph.inputs)
    own, references = make_answers(module, example, tuned.batch.inputs)
    truth = make_truth(references, own, "PyTorch")
    judgement = judge_outputs(tuned.batch.outputs, truth)
    check = judged(judgement.passed and truth.credible, tuned.path.name, judgement.detail())
    if not judgement.passed:
        raise UserError(
            f"With the weights of {tuned.path}, PyTorch gives other outputs than the file has for "
            f"its inputs: {judgement.detail()}. The file does not hold the network that was tuned, "
            "or only a part of it. Save it again with cifarx.save; nothing was written."
        )
    return check


def _metrics(parent: Run, module: nn.Module) -> tuple[dict[str, float], list[str]]:
    """Return loss and accuracy on the parent's test images, or a note why there are none."""
    import torch

    from cifarx.pytorch_models.resident import Resident
    from cifarx.pytorch_models.train import evaluate

    record = parent.record.data
    try:
        images = sample_images(parent, record.test_images)
    except UserError as error:
        return {}, [f"not tested: {error}"]
    if images.digest() != record.test_sha256:
        return {}, [
            f"not tested: the test images of {record.origin} have changed since the training"
        ]
    data = Resident(images, *parent.mean_std(), torch.device("cpu"))
    loss, predictions = evaluate(module, data)
    hits = (predictions == data.labels).float().mean().item()
    return {"test_loss": loss, "test_accuracy": hits}, []


def _record(
    tuned: TunedFile,
    parent: Run,
    weights: NewWeights,
    content: bytes,
    metrics: dict[str, float],
) -> RunRecord:
    """Return the parent's record, changed where the new run differs."""
    was = parent.record
    return was.model_copy(
        update={
            "created": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": {**was.versions, "cifarx": version("cifarx")},
            "metrics": metrics,
            "weights_sha256": sha256(content).hexdigest(),
            "imported": ImportRecord(
                file=tuned.path.name,
                sha256=tuned.sha256,
                parent=parent.folder.name,
                parent_sha256=was.weights_sha256,
                changed=weights.changed,
            ),
        }
    )
