"""The tables of measured figures, with the conditions under which they were measured."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from cifarx.pytorch_models.recipe import rows
from cifarx.verify.reproduction.tables import (
    Measured,
    accuracy,
    as_markdown,
    orderings,
    shipped,
    table,
)


def measured(row: str, *accuracies: float, **changes: Any) -> Measured:
    name, recipe = rows()[row]
    whole = Measured(
        row=row,
        network=recipe.network,
        recipe=name,
        claim=recipe.claim,
        accuracies=accuracies,
        dataset="cifar10",
        data="cifar10",
        train_images=50_000,
        of_train_images=50_000,
        test_images=10_000,
        epochs=20,
        of_epochs=20,
        precision="float32",
        pretrained="",
        device="cpu",
        seconds=90.0,
        verdict="EQUIVALENT (onnxruntime)",
        versions={"torch": "2"},
        date="2026-11-21",
    )
    return whole.model_copy(update=changes)


def test_a_limited_figure_is_never_without_its_limits() -> None:
    limited = measured("S2a", 40.0, train_images=500, epochs=1)
    text = "40.0%, limited: 500 of 50,000 training images, 1 of 20 epochs"
    assert accuracy(limited) == text
    assert text in table([limited])
    assert "not measured (S0c, S0d)" in orderings([measured("S0c", 70.0, epochs=1)])


def test_a_claim_that_is_not_reached_is_said_not_to_be_with_the_likely_reason() -> None:
    line = "59.5%: claim not reproduced (plain SGD at this rate is far from converged"
    assert line in table([measured("S0c", 59.5)])
    assert "not reproduced" not in table([measured("S0c", 77.1)])
    assert "not reproduced" not in table([measured("S0c", 59.5, epochs=1)])
    assert "83.9%: claim not reproduced |" not in table([measured("S2a", 83.9)])  # by chance


def test_several_seeds_give_mean_and_spread() -> None:
    assert accuracy(measured("S2a", 80.0, 82.0, 84.0)) == "82.0 ± 2.0% (3 seeds)"


def test_rows_that_were_not_measured_say_so() -> None:
    lines = table([measured("S2a", 83.0)]).splitlines()
    assert len(lines) == 2 + len(rows())
    assert sum("not measured" in line for line in lines) == len(rows()) - 1


def finding(*figures: Measured) -> str:
    return next(line for line in orderings(figures).splitlines() if "AlexNet" in line)


def test_an_ordering_is_confirmed_beyond_two_standard_errors_only() -> None:
    # of 10,000 images at 70% and 68%: sqrt(0.7 * 0.3 / 1e4 + 0.68 * 0.32 / 1e4) = 0.65 points
    assert "+2.0 ± 0.7 points | confirmed" in finding(measured("S0c", 70.0), measured("S0d", 68.0))
    assert "| undecided" in finding(measured("S0c", 70.0), measured("S0d", 69.0))
    assert "| not confirmed" in finding(measured("S0c", 68.0), measured("S0d", 70.0))
    assert "| undecided" in finding(measured("S0c", 66.0, 74.0), measured("S0d", 67.0, 69.0))


def test_the_documents_show_what_the_package_says_was_measured(root: Path) -> None:
    readme = (root / "README.md").read_text("utf-8")
    block = re.search(r"<!-- reproduction -->\n(.*?)<!-- /reproduction -->", readme, re.DOTALL)
    assert block
    assert block[1] == table(shipped())
    assert (root / "docs" / "reproduction.md").read_text("utf-8") == as_markdown(shipped())


def test_every_row_of_the_write_ups_crossed_to_both_runtimes() -> None:
    assert {entry.row for entry in shipped()} == set(rows())
    assert {entry.verdict for entry in shipped()} == {"EQUIVALENT (onnxruntime, octave)"}
