"""A result of what is known: after all checks, after some, and of engines that failed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from cifarx.export.network.compute import run_network_float32
from cifarx.verify.conclude import conclude, judged_outputs
from cifarx.verify.evidence import EngineRun, Evidence, OpenedEngine, Prepared
from cifarx.verify.exchange.polygraphy_files import RunnerOutputs
from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.result import Verdict
from cifarx.verify.ladder.accuracy.predictions import Predictions
from cifarx.verify.ladder.layers.judge_engine import make_reference
from cifarx.verify.ladder.logits import make_truth
from cifarx.verify.ladder.truth import truth_of
from cifarx.verify.options import VerifyOptions
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject
from cifarx.verify.subject.images import compared_images
from cifarx.verify.subject.original import original_of

OPTIONS = VerifyOptions(Path("model.onnx"))
REFERENCE = np.array([[1.0, 3.0, 2.0], [4.0, 0.0, 3.5]])
SINGLE = REFERENCE.astype(np.float32)


@pytest.fixture
def prepared(work: Path) -> Prepared:
    """The two files against each other, for one engine."""
    subject = open_subject(Path("model.onnx"), NO_RUN)
    compared = compared_images(subject, 12)
    original = original_of(subject, None)
    truth, reference = truth_of(subject, None, compared.inputs)
    return Prepared(
        subject=subject,
        compared=compared,
        truth=truth,
        reference=reference,
        layers=make_reference(subject, original),
        engines=(OpenedEngine("onnxruntime", None, None),),
        elsewhere=None,
        saved=(),
    )


def logits_of(prepared: Prepared) -> np.ndarray:
    graph = prepared.layers.original.graph
    (logits,) = run_network_float32(graph, prepared.compared.inputs)
    return logits


def with_logits(prepared: Prepared, logits: np.ndarray) -> Evidence:
    report = judged_outputs("onnxruntime", "onnxruntime 1", [logits], prepared.truth, OPTIONS)
    return Evidence(prepared).with_run(EngineRun("onnxruntime", report, (logits,)))


def test_the_users_tolerance_stands_beside_the_judgement() -> None:
    truth = make_truth([REFERENCE], [SINGLE], "test")
    plain = judged_outputs("a", "a 1", [SINGLE], truth, OPTIONS)
    assert plain.tolerance is None
    off = SINGLE + np.float32([[0.01, 0, 0], [0, 0, 0]])
    quoted = judged_outputs("a", "a 1", [off], truth, replace(OPTIONS, tolerance=(1e-3, 0.0)))
    assert quoted.tolerance is not None
    assert (quoted.tolerance.within, quoted.tolerance.images) == (1, 2)
    assert quoted.judgement is not None
    assert not quoted.judgement.passed


def test_before_an_engine_ran_nothing_is_verified(prepared: Prepared) -> None:
    result = conclude(Evidence(prepared), OPTIONS)
    assert result.verdict is None
    assert result.exit_code == 2
    assert result.accuracy is None
    assert [e.problem for e in result.engines] == ["not run: the check was stopped"]
    # all that needs no engine is there
    assert [a.file for a in result.audits] == ["model.onnx"]
    assert [e.file for e in result.export] == ["model.onnx", "model.mat"]
    assert all(e.passed for e in result.export)
    assert result.contract.faults == ()


def test_an_engines_logits_are_scored_against_float64_without_a_run(prepared: Prepared) -> None:
    result = conclude(with_logits(prepared, logits_of(prepared)), OPTIONS)
    assert result.accuracy is not None
    assert [r.engine for r in result.accuracy.runtimes] == ["float64", "onnxruntime"]
    assert result.accuracy.images == result.accuracy.in_all == 12
    top = np.sort(prepared.truth.reference, axis=1)
    assert result.margin == pytest.approx((top[:, -1] - top[:, -2]).min())


def test_changed_predictions_are_placed_among_the_test_images(prepared: Prepared) -> None:
    logits = logits_of(prepared)
    logits[[3, 5]] = logits[[3, 5], ::-1]
    compared = prepared.compared
    elsewhere = replace(compared, places=np.arange(12)[::-1].copy())
    evidence = with_logits(replace(prepared, compared=elsewhere), logits)
    result = conclude(evidence, OPTIONS)
    (engine,) = result.engines
    assert engine.judgement is not None
    labels = compared.images.labels
    found = [(c.image, c.place, c.label) for c in engine.judgement.changed]
    assert found == [(3, 8, labels[3]), (5, 6, labels[5])]
    assert {p.image for p in result.pictures} == {8, 6}


def test_scores_of_the_data_set_go_before_those_of_the_compared_images(
    prepared: Prepared,
) -> None:
    evidence = with_logits(prepared, logits_of(prepared))
    labels = np.arange(200) % 10
    logits = np.eye(10, dtype=np.float32)[labels]
    scored = Predictions.of(np.arange(200), labels, {"float64": logits, "onnxruntime": logits})
    result = conclude(replace(evidence, scored=scored), OPTIONS)
    assert result.accuracy is not None
    assert result.accuracy.images == 200
    assert result.accuracy.runtimes[1].overall.correct == 200


def test_outputs_of_polygraphy_are_judged_and_named_after_their_runner(prepared: Prepared) -> None:
    logits = logits_of(prepared)
    saved = (
        RunnerOutputs("trt-runner", {"logits": logits}),
        RunnerOutputs("bad", {"logits": logits + 1}),
    )
    options = replace(OPTIONS, from_polygraphy=Path("outputs.json"))
    result = conclude(with_logits(replace(prepared, saved=saved), logits), options)
    _, good, bad = result.engines
    assert good.engine == "polygraphy:trt-runner"
    assert good.runtime == "trt-runner, from outputs.json"
    assert good.judgement is not None
    assert good.judgement.passed
    assert bad.judgement is not None
    assert not bad.judgement.passed
    assert result.compared_engines() == ("onnxruntime",)


def test_why_a_result_from_elsewhere_cannot_be_used_is_a_report(prepared: Prepared) -> None:
    problem = EngineReport("matlab-result", "matlab-result", None, "it is stale", broke_down=True)
    evidence = with_logits(replace(prepared, elsewhere=problem), logits_of(prepared))
    result = conclude(evidence, OPTIONS)
    assert result.engines[-1] is problem
    assert result.verdict is None


def test_what_was_asked_for_is_in_the_result(prepared: Prepared) -> None:
    options = replace(OPTIONS, images=12, accept_predictions=True)
    result = conclude(with_logits(prepared, logits_of(prepared)), options)
    assert result.accept_predictions
    assert result.environment.options["--images"] == "12"
    assert result.images.count == 12
    assert result.truth == "model.mat's reference"
    assert result.verdict is not Verdict.EQUIVALENT  # no layer was judged
