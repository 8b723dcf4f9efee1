"""The images whose prediction changed, collected from all engines."""

from __future__ import annotations

from dataclasses import replace

import results

from cifarx.verify.findings.logits import Change
from cifarx.verify.report.changed_images import changed_images


def test_a_sound_result_has_none() -> None:
    assert changed_images(results.sound()) == []


def test_both_rungs_are_joined_and_the_largest_margin_is_first() -> None:
    images = changed_images(results.different())
    assert [image.title for image in images] == ["test image 30", "test image 9", "test image 4"]
    margins = [image.margin for image in images]
    assert margins == sorted(margins, reverse=True)
    last = images[-1]
    assert last.label == "dog"
    assert last.png
    assert last.predictions == (("dog", "float64, pytorch"), ("ship", "onnxruntime"))


def test_a_marked_run_is_listed_only_if_it_predicts_something_else() -> None:
    result = results.different()
    pytorch, engine, matlab = result.engines
    marked = results.judgement(Change(4, 0, 1, 0.75, 4, 1))
    result = replace(result, engines=(pytorch, replace(engine, marked=marked), matlab))
    (image,) = (i for i in changed_images(result) if i.title == "test image 4")
    assert ("cat", "onnxruntime, marked") in image.predictions
    unmarked = changed_images(results.different())
    assert not any("marked" in who for i in unmarked for _, who in i.predictions)


def test_a_tie_is_one_only_if_every_change_is() -> None:
    result = results.sound()
    pytorch, engine, matlab = result.engines
    tie = Change(4, 2, 1, 1e-6, 4, 1)
    small = replace(results.judgement(tie), ratio=1.0, largest=1e-6)
    result = replace(
        result, engines=(pytorch, replace(engine, judgement=small, marked=None), matlab)
    )
    (image,) = changed_images(result)
    assert image.tie
    large = replace(small, ratio=100.0)
    broken = replace(engine, judgement=small, marked=large)
    (image,) = changed_images(replace(result, engines=(pytorch, broken, matlab)))
    assert not image.tie
