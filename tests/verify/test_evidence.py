"""Evidence grows by new records: later runs of an engine replace earlier ones, in their place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import results

from cifarx.verify.evidence import EngineRun, Evidence, OpenedEngine, Prepared
from cifarx.verify.findings.check import judged
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.ladder.layers.judge_engine import make_reference
from cifarx.verify.ladder.truth import truth_of
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject
from cifarx.verify.subject.images import compared_images
from cifarx.verify.subject.original import original_of

ENGINES = ("pytorch", "onnxruntime", "octave")


def report(name: str, ratio: float = 1.0) -> EngineReport:
    return EngineReport(name, f"{name} 1", replace(results.judgement(), ratio=ratio), "")


def run(name: str, ratio: float = 1.0, logits: np.ndarray | None = None) -> EngineRun:
    return EngineRun(name, report(name, ratio), None if logits is None else (logits,))


@pytest.fixture
def empty(work: Path) -> Evidence:
    """Of three engines, of which Octave is not there."""
    subject = open_subject(Path("model.onnx"), NO_RUN)
    compared = compared_images(subject, 4)
    original = original_of(subject, None)
    truth, _ = truth_of(subject, None, compared.inputs)
    missing = EngineReport("octave", "octave", None, "there is no octave")
    opened = [OpenedEngine(name, None, None) for name in ENGINES[:2]]
    prepared = Prepared(
        subject=subject,
        compared=compared,
        truth=truth,
        reference=judged(True, "reference", ""),
        layers=make_reference(subject, original),
        engines=(*opened, OpenedEngine("octave", None, missing)),
        elsewhere=None,
        saved=(),
    )
    return Evidence(prepared)


def test_a_run_is_added_and_what_was_there_stays_as_it_is(empty: Evidence) -> None:
    one = empty.with_run(run("pytorch"))
    two = one.with_run(run("onnxruntime"))
    assert (empty.runs, [r.name for r in one.runs]) == ((), ["pytorch"])
    assert [r.name for r in two.runs] == ["pytorch", "onnxruntime"]
    assert two.prepared is empty.prepared


def test_a_later_run_of_an_engine_takes_the_place_of_the_earlier(empty: Evidence) -> None:
    both = empty.with_run(run("pytorch")).with_run(run("onnxruntime"))
    again = both.with_run(run("pytorch", 7.0))
    assert [r.name for r in again.runs] == ["pytorch", "onnxruntime"]
    judgement = again.runs[0].report.judgement
    assert judgement is not None
    assert judgement.ratio == 7.0
    assert again.runs[1] is both.runs[1]


def test_every_engine_has_a_report_in_the_order_they_were_opened(empty: Evidence) -> None:
    known = empty.with_run(run("onnxruntime"))
    pytorch, onnxruntime, octave = known.reports()
    assert (pytorch.judgement, pytorch.problem) == (None, "not run: the check was stopped")
    assert not pytorch.broke_down
    assert onnxruntime is known.runs[0].report
    assert octave.problem == "there is no octave"


def test_logits_are_those_of_engines_that_gave_some(empty: Evidence) -> None:
    logits = np.ones((4, 10), np.float32)
    known = empty.with_run(run("pytorch", logits=logits)).with_run(run("onnxruntime"))
    assert list(known.outputs()) == ["pytorch"]
    assert known.outputs()["pytorch"] == (logits,)
    assert known.with_run(run("pytorch")).outputs() == {}


def test_normalised_images_are_by_runtime(empty: Evidence) -> None:
    images = np.ones((4, 3, 32, 32), np.float32)
    own = replace(run("octave"), normalized=("octave 7.3.0", images))
    known = empty.with_run(run("pytorch")).with_run(own)
    assert list(known.normalized()) == ["octave 7.3.0"]
    assert known.normalized()["octave 7.3.0"] is images
