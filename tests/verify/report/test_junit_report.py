"""JUnit's XML as CI servers read it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
import results

from cifarx.verify.findings.engine import EngineReport
from cifarx.verify.findings.result import Result
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.report.junit_report import as_junit
from cifarx.verify.verify import verify

OUTCOMES = ("failure", "error", "skipped")
# What the schemas of Ant, Jenkins and Surefire have in common: children in order, and attributes.
CHILDREN = {
    "testsuites": ["testsuite"],
    "testsuite": ["properties", "testcase", "system-out", "system-err"],
    "properties": ["property"],
    "testcase": list(OUTCOMES),
}
ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "skipped", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "hostname"},
    "testcase": {"classname", "name", "time"},
    "property": {"name", "value"},
    "failure": {"type", "message"},
    "error": {"type", "message"},
    "skipped": {"message"},
}

pytestmark = pytest.mark.usefixtures("remembered")


def broken(result: Result) -> Result:
    engine = EngineReport("octave", "octave", None, "it failed: out of memory", True)
    return replace(result, engines=(*result.engines, engine))


RESULTS: dict[str, Callable[[], Result]] = {
    "sound": results.sound,
    "different": results.different,
    "broken": lambda: broken(results.sound()),
    "interrupted": lambda: replace(results.sound(), interrupted="octave"),
    "hostile": lambda: results.with_names(results.different(), results.HOSTILE),
    "bare": lambda: replace(results.sound(), accuracy=None, layers=(), engines=(), audits=()),
}


def suite_of(result: Result) -> ET.Element:
    text = as_junit(result)
    assert b"cifarx" in text.encode()[:512]
    assert text == as_junit(result)
    root = ET.fromstring(text)
    assert root.tag == "testsuites"
    for element in root.iter():
        allowed = CHILDREN.get(element.tag, [])
        places = [allowed.index(child.tag) for child in element]
        assert places == sorted(places)
        wanted = ATTRIBUTES.get(element.tag, set())
        assert wanted <= set(element.attrib) <= wanted | {"timestamp"}
    (suite,) = root
    return suite


@pytest.mark.parametrize("name", RESULTS)
def test_every_line_is_a_test_case(name: str) -> None:
    result = RESULTS[name]()
    suite = suite_of(result)
    cases = suite.findall("testcase")
    assert len(cases) == len(lines(result))
    names = [case.get("name") for case in cases]
    assert len(set(names)) == len(names)
    for made, case in zip(result.checks(), cases, strict=False):
        assert len(case) == (made.outcome != "PASSED")
    for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        assert suite.get(key) == str(sum(case.find(tag) is not None for case in cases))
    assert suite.get("tests") == str(len(cases))
    good = not int(suite.get("failures", "")) and not int(suite.get("errors", ""))
    assert good == (result.exit_code == 0)


def test_names_have_no_versions() -> None:
    names = [case.get("name") for case in suite_of(results.sound()).findall("testcase")]
    assert names == [
        "layers: model.onnx",
        "weights: model.onnx",
        "layers: model.mat",
        "weights: model.mat",
        "input",
        "reference",
        "export: model.onnx",
        "export: model.mat",
        "engine: pytorch",
        "engine: onnxruntime",
        "engine: matlab",
        "decisions",
        "accuracy: pytorch",
        "accuracy: onnxruntime",
        "verdict",
    ]


def outcome(result: Result, name: str) -> ET.Element:
    (case,) = (c for c in suite_of(result).findall("testcase") if c.get("name") == name)
    return case[0]


def test_outcomes_say_why() -> None:
    failed = outcome(results.different(), "weights: model.onnx")
    assert failed.tag == "failure"
    assert "differing: conv1_weight" in (failed.text or "")
    skipped = outcome(results.sound(), "engine: matlab")
    assert (skipped.tag, skipped.get("message")) == ("skipped", "there is no matlab on the PATH")


@pytest.mark.parametrize("name", ["broken", "interrupted"])
def test_a_check_that_was_not_made_is_an_error(name: str) -> None:
    assert outcome(RESULTS[name](), "verdict").tag == "error"


def test_an_engine_that_breaks_down_is_an_error() -> None:
    error = outcome(broken(results.sound()), "engine: octave")
    assert (error.tag, error.get("message")) == ("error", "it failed: out of memory")


@pytest.mark.parametrize(
    ("created", "stamp"),
    [
        ("2025-01-02T03:04:05+00:00", "2025-01-02T03:04:05"),
        ("2025-01-02T03:04:05+02:00", "2025-01-02T01:04:05"),
        ("yesterday", None),
    ],
)
def test_the_time_stamp_is_utc(created: str, stamp: str | None) -> None:
    result = results.sound()
    made = replace(result, environment=replace(result.environment, created=created))
    assert suite_of(made).get("timestamp") == stamp


def test_names_from_files_are_only_text() -> None:
    text = as_junit(results.with_names(results.different(), results.HOSTILE))
    assert "<script" not in text
    assert r"\x00\x1b[31m\ud800\ufffe\u202eedoc\n" in text


def test_a_real_check_has_its_lines(work: Path) -> None:
    result = verify(VerifyOptions(Path("model.onnx"), ("pytorch", "onnxruntime")))
    out = suite_of(result).findtext("system-out") or ""
    assert out.splitlines() == lines(result)
