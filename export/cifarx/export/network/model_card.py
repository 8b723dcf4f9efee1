"""`ModelCard`: the identity of a network, its classes and its normalisation."""

from __future__ import annotations

import json
from dataclasses import dataclass
from importlib.metadata import version

LOG_SOFTMAX = "log_softmax"
CLASSIFICATION, SEGMENTATION, REGRESSION = "classification", "segmentation", "regression"
TASKS = (CLASSIFICATION, SEGMENTATION, REGRESSION)
"""One class per input; one class per pixel of maps; numbers without classes."""


@dataclass(frozen=True)
class ModelCard:
    """Identity and input contract; written into both model.onnx and model.mat."""

    model: str
    recipe: str
    classes: tuple[str, ...]
    """Empty for a regression."""
    mean: tuple[float, ...]
    """Per channel of the network's image, in units of pixels from 0 to 255; empty if unknown."""
    std: tuple[float, ...]
    checkpoint_sha256: str
    """Of the run's model.safetensors, or of what else the weights came from."""
    ending: str = ""
    """What the source applies to the logits last, and the files leave out: '' or `LOG_SOFTMAX`."""
    task: str = CLASSIFICATION
    """One of `TASKS`."""

    def to_metadata(self) -> dict[str, str]:
        """The card as ONNX metadata_props: text, lists as JSON."""
        return {
            "cifarx_version": version("cifarx"),
            "model": self.model,
            "recipe": self.recipe,
            "classes": json.dumps(self.classes),
            "mean": json.dumps(self.mean),
            "std": json.dumps(self.std),
            "checkpoint_sha256": self.checkpoint_sha256,
            **({"ending": self.ending} if self.ending else {}),
            **({"task": self.task} if self.task != CLASSIFICATION else {}),
        }

    @classmethod
    def from_metadata(cls, metadata: dict[str, str]) -> ModelCard | None:
        """Read what `to_metadata` wrote; None if something is missing or malformed."""
        try:
            return cls(
                metadata["model"],
                metadata["recipe"],
                tuple(map(str, json.loads(metadata["classes"]))),
                tuple(map(float, json.loads(metadata["mean"]))),
                tuple(map(float, json.loads(metadata["std"]))),
                metadata["checkpoint_sha256"],
                ending=metadata.get("ending", ""),
                task=_task(metadata.get("task", CLASSIFICATION)),
            )
        except (KeyError, TypeError, ValueError, RecursionError):
            return None


def _task(text: str) -> str:
    if text not in TASKS:
        raise ValueError(text)
    return text
