"""Rung 6 over a data set: chunk by chunk, the right images, and what ends it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray
from random_runs import random_run

from cifarx.pytorch_models.errors import BrokeDownError, CutShortError, EngineError, UserError
from cifarx.pytorch_models.preprocess import preprocess
from cifarx.pytorch_models.run import Run
from cifarx.pytorch_models.run_images import read_images, run_test_part
from cifarx.verify.engines.engine import Outputs
from cifarx.verify.ladder.accuracy import sweep
from cifarx.verify.ladder.accuracy.sweep import Sweep

Array = NDArray[np.float32]


class Scorer:
    """An engine whose logits are a fixed projection of the inputs; it may break down."""

    def __init__(self, classes: int, fails_at: int = 10**9) -> None:
        random = np.random.RandomState(0)
        self.weights = random.standard_normal((3 * 32 * 32, classes)).astype(np.float32)
        self.fails_at, self.calls = fails_at, 0

    def logits(self, inputs: Array) -> Array:
        return (inputs.reshape(len(inputs), -1) @ self.weights).astype(np.float32)

    def run(self, images: NDArray[np.uint8], inputs: Sequence[Array]) -> Outputs:
        self.calls += 1
        if self.calls >= self.fails_at:
            raise EngineError("it ran out of memory")
        return Outputs("scorer 1", (self.logits(inputs[0]),), None)


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return random_run("bn-tiny", tmp_path_factory.mktemp("run") / "tiny")


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep, "_CHUNK", 8)


def test_every_chosen_image_is_scored_once(run: Run) -> None:
    part, engine = run_test_part(run), Scorer(10)
    count = min(20, len(part))
    told: list[str] = []
    steps = list(Sweep(run, part, count, lambda _: engine).run(("one", "two"), told.append))
    found = steps[-1]
    assert [len(step.images) for step in steps] == [8, 16, 20, 20]
    assert told == [f"accuracy, {n} of 20 test images" for n in (0, 8, 16)]
    assert found.engines == ("one", "two")
    assert len(set(found.images.tolist())) == 20
    images = read_images(run, part)
    chosen = images.select(found.images)
    np.testing.assert_array_equal(found.labels, chosen.labels)
    assert set(found.labels) == set(range(10))  # evenly over the classes
    logits = engine.logits(preprocess(chosen.pixels, *run.mean_std()))
    np.testing.assert_array_equal(found.predicted, [logits.argmax(1)] * 2)
    two = np.sort(logits.astype(np.float64), axis=1)[:, -2:]
    np.testing.assert_allclose(found.margins[0], two[:, 1] - two[:, 0], rtol=1e-6)


def test_no_engine_scores_nothing(run: Run) -> None:
    part = run_test_part(run)
    assert list(Sweep(run, part, 5, lambda _: Scorer(10)).run((), lambda _: None)) == []


def test_an_engine_that_breaks_down_is_named_after_what_was_scored(run: Run) -> None:
    engine = Scorer(10, fails_at=3)
    steps = Sweep(run, run_test_part(run), 20, lambda _: engine).run(("one",), lambda _: None)
    assert len(next(steps).images) == 8
    assert len(next(steps).images) == 16
    with pytest.raises(BrokeDownError, match="it ran out of memory") as caught:
        next(steps)
    assert caught.value.engine == "one"


def test_logits_of_another_number_of_classes_are_a_breakdown(run: Run) -> None:
    steps = Sweep(run, run_test_part(run), 5, lambda _: Scorer(9)).run(("one",), lambda _: None)
    with pytest.raises(BrokeDownError, match=r"shape \(\d+, 9\), not \(\d+, 10\)"):
        next(steps)


def test_an_image_that_cannot_be_read_cuts_it_short(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unreadable(*arguments: object) -> object:
        raise UserError("cat/7.png is damaged.")

    monkeypatch.setattr(sweep, "read_images", unreadable)
    steps = Sweep(run, run_test_part(run), 5, lambda _: Scorer(10)).run(("one",), lambda _: None)
    with pytest.raises(CutShortError, match=r"cat/7.png is damaged$"):
        next(steps)
