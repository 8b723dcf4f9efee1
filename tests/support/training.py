"""Trainings for tests; painting the pictures takes most of a tiny training's time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from cifarx.pytorch_models import plots
from cifarx.pytorch_models.fit import fit
from cifarx.pytorch_models.observer import Observer
from cifarx.pytorch_models.plan import TrainOptions, make_plan
from cifarx.pytorch_models.run import Run


def leave_unpainted(patch: pytest.MonkeyPatch) -> None:
    """Write empty files for the pictures of a run."""
    patch.setattr(plots, "_save", lambda figure, path: path.write_bytes(b""))


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
    painted: bool = False,
    **changes: Any,
) -> Run:
    """Train as `cifarx train` would; `changes` are fields of the recipe, such as epochs=1.

    The pictures of the run are empty files, unless it is `painted`.
    """
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
    with pytest.MonkeyPatch.context() as patch:
        if not painted:
            leave_unpainted(patch)
        run = fit(make_plan(options), observer)
    assert run is not None
    return run
