"""The rules are well-formed, and releases are known."""

from __future__ import annotations

import onnx
import pytest
from importer_reports import (
    ADD_ON,
    BUILT_IN,
    GENERATED,
    clean_net,
)

from cifarx.export.matlab_importer.check import (
    check_matlab_import,
)
from cifarx.export.matlab_importer.conditions import CONDITIONS
from cifarx.export.matlab_importer.knowledge import CLEAN, KINDS, OUTCOMES, RELEASES, rules
from cifarx.pytorch_models.errors import UserError


@pytest.mark.parametrize(
    ("release", "words"),
    [
        ("R2022b", ["older than R2023b", "importNetworkFromONNX"]),
        ("R2031a", ["newer than", "--matlab R2026b"]),
        ("R2024c", ["not a MATLAB release", "Did you mean 'R2024"]),
        ("latest", ["not a MATLAB release", "R2023b, R2024a"]),
        ("", ["not a MATLAB release"]),
    ],
)
def test_a_release_that_is_not_known_is_refused(release: str, words: list[str]) -> None:
    with pytest.raises(UserError) as error:
        check_matlab_import(clean_net(), "net.onnx", release)
    assert all(word in str(error.value) for word in words)


def test_a_release_may_be_written_without_r() -> None:
    assert check_matlab_import(clean_net(), "net.onnx", "2024B").release == "R2024b"


def test_every_rule_is_well_formed_and_reachable() -> None:
    used = {condition for rule in rules() for condition in rule.when}
    assert used == set(CONDITIONS)
    for rule in rules():
        assert rule.outcome in OUTCOMES
        assert rule.sources
        assert all(s.kind in KINDS for s in rule.sources)
        assert rule.releases
        assert rule.outcome in CLEAN or rule.remedy, rule
        assert (rule.outcome in (BUILT_IN, ADD_ON, GENERATED)) == bool(rule.layer), rule
    for release in RELEASES:
        names = {o for rule in rules() for o in rule.operators if o != "*"}
        last = [rule for rule in rules() if rule.operators == ("*",) and not rule.when]
        assert len(last) == 1
        assert release in last[0].releases
        assert names


def test_only_strong_evidence_makes_a_node_built_in() -> None:
    assert not [r for r in rules() if r.outcome == BUILT_IN and r.evidence != "strong"]


def test_every_operator_that_a_rule_names_is_one_of_onnx() -> None:
    known = {schema.name for schema in onnx.defs.get_all_schemas_with_history()}
    named = {operator for rule in rules() for operator in rule.operators} - {"*"}
    assert named <= known | {"Swish", "Mish", "GroupNormalization"}
