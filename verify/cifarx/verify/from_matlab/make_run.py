"""`cifarx import`: a network tuned in MATLAB -> a run, once PyTorch gives the same answers."""

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
from cifarx.verify.from_matlab.file import TunedFile, read_tuned
from cifarx.verify.from_matlab.find_parent import find_parent
from cifarx.verify.from_matlab.weights import NewWeights, new_weights
from cifarx.verify.ladder.logits import judge_logits, make_truth

if TYPE_CHECKING:
    from torch import nn


@dataclass(frozen=True)
class ImportOptions:
    """What the user may set."""

    file: Path
    into: str | None = None
    """The new run's folder in runs/; None names it after the file."""
    run: Path | None = None
    """Its parent; None finds it."""


@dataclass(frozen=True)
class Imported:
    """The new run, and what is to be said of it."""

    run: Run
    parent: Run
    notes: tuple[str, ...]
    check: Check | None
    """Of PyTorch's logits against those in the file; None where it has none."""


def import_run(
    options: ImportOptions, progress: Callable[[str], None] = lambda _: None
) -> Imported:
    """Make a run of the file's weights, in its parent's network.

    Nothing is written before everything has been checked, and the folder appears by rename.

    Args:
        options: see `ImportOptions`.
        progress: called with what is being done now.

    Raises:
        UserError: a file that cannot be read, no run that it can have come from, anything in it
            that a run cannot hold, other answers in PyTorch, or a folder that is taken.
    """
    folder, numbered = _folder(options)
    progress(f"reading {options.file}")
    tuned = read_tuned(options.file)
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


def _folder(options: ImportOptions) -> tuple[Path, bool]:
    """Where the run goes, and whether a number is put behind a name that is taken."""
    if options.into is None:
        return Path("runs") / options.file.stem, True
    folder = Path("runs") / options.into
    if folder.parent != Path("runs") or not folder.name.strip("."):
        raise UserError(
            f"--into {options.into!r} is no name for a folder in runs/. Give a plain name, such as "
            f"--into {options.file.stem}."
        )
    if folder.exists():
        raise UserError(
            f"--into {options.into}: {folder} is already there, and cifarx overwrites none. Give "
            "another name, or remove that folder."
        )
    return folder, False


def _module_with(parent: Run, weights: NewWeights) -> nn.Module:
    import torch

    module = build_module(parent)
    tensors = {name: torch.from_numpy(value.copy()) for name, value in weights.state.items()}
    module.load_state_dict(tensors, strict=True)
    return module


def _answers(tuned: TunedFile, module: nn.Module) -> Check | None:
    """PyTorch's logits with the new weights against those that the file has."""
    if tuned.batch is None:
        return None
    from cifarx.export.from_torch.answers import make_answers

    own, reference = make_answers(module, tuned.batch.inputs)
    truth = make_truth(reference, own, "PyTorch")
    judgement = judge_logits(tuned.batch.logits, truth)
    check = judged(judgement.passed and truth.credible, tuned.path.name, judgement.detail())
    if not judgement.passed:
        raise UserError(
            f"PyTorch gives other answers with the weights of {tuned.path} than the file has for "
            f"its own inputs: {judgement.detail()}. So the file does not hold what was tuned, or "
            "not all of it. Save it again with cifarx.save; nothing was written."
        )
    return check


def _metrics(parent: Run, module: nn.Module) -> tuple[dict[str, float], list[str]]:
    """Loss and accuracy on the parent's test images; why not, where these are gone."""
    import torch

    from cifarx.pytorch_models.resident import Resident
    from cifarx.pytorch_models.train import evaluate

    record = parent.record.data
    try:
        images = sample_images(parent, record.test_images)
    except UserError as error:
        return {}, [f"not tested: {error}"]
    if images.digest() != record.test_sha256:
        return {}, [f"not tested: the test images of {record.origin} are others than they were"]
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
    """The parent's record, but for what is the new run's own."""
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
