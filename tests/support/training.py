"""Trainings for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from cifarx.pytorch_models.fit import fit
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.plan import TrainOptions, make_plan
from cifarx.pytorch_models.run import Run


def train_run(
    model: str,
    data: str = "shapes",
    *,
    observer: Observer | None = None,
    limit: int | None = None,
    seed: int | None = None,
    out: Path | None = None,
    recipe: str | None = None,
    weights: str | None = None,
    **changes: Any,
) -> Run:
    """Train as `cifarx train` would; `changes` are fields of the recipe, such as epochs=1."""
    options = TrainOptions(
        model,
        data,
        recipe=recipe,
        changes=changes,
        limit=limit,
        seed=seed,
        out=out,
        weights=weights,
    )
    run = fit(make_plan(options), observer)
    assert run is not None
    return run
