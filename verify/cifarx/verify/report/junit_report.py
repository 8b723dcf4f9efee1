"""Write the result as JUnit XML, so that CI servers show single checks and their history.

JUnit XML has no standard. This is what the readers of Jenkins, GitLab and GitHub Actions have in
common, in the order and with the attributes that the strictest schema in use requires.
"""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree as ET

from cifarx.verify.findings.check import Check, Outcome, judged
from cifarx.verify.findings.printable import printable
from cifarx.verify.findings.result import Result
from cifarx.verify.report.json_report import lines

_SUITE = "cifarx verify"
_CLASS = "cifarx.verify"
_NO_TIME = "0"  # so that the same check gives the same report


def as_junit(result: Result) -> str:
    """Return the content of report.junit.xml: one test case per check, the verdict last."""
    broken = {f"engine: {e.engine}" for e in result.engines if e.broke_down}
    if result.verdict is None:
        broken.add("verdict")
    cases = [
        _case(title, check, title in broken)
        for title, check in _unique([*result.titled_checks(), ("verdict", _verdict(result))])
    ]
    counts = {
        "tests": len(cases),
        "failures": sum(case.find("failure") is not None for case in cases),
        "errors": sum(case.find("error") is not None for case in cases),
        "skipped": sum(case.find("skipped") is not None for case in cases),
    }
    totals = {key: str(count) for key, count in counts.items()}
    root = ET.Element("testsuites", {"name": _SUITE, **totals, "time": _NO_TIME})
    suite = ET.SubElement(
        root,
        "testsuite",
        {"name": _SUITE, **totals, "time": _NO_TIME, "hostname": "localhost", **_times(result)},
    )
    properties = ET.SubElement(suite, "properties")
    for name, value in _facts(result).items():
        ET.SubElement(properties, "property", {"name": printable(name), "value": printable(value)})
    suite.extend(cases)
    ET.SubElement(suite, "system-out").text = "\n".join(printable(line) for line in lines(result))
    ET.SubElement(suite, "system-err")
    ET.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n"


def _verdict(result: Result) -> Check:
    return judged(result.exit_code == 0, "verdict", result.closing_line())


def _unique(titled: list[tuple[str, Check]]) -> list[tuple[str, Check]]:
    """Number repeated titles; a saved report may name a file twice."""
    seen: dict[str, int] = {}
    named = []
    for title, check in titled:
        seen[title] = seen.get(title, 0) + 1
        named.append((title if seen[title] == 1 else f"{title} ({seen[title]})", check))
    return named


def _case(title: str, check: Check, not_made: bool) -> ET.Element:
    case = ET.Element("testcase", {"classname": _CLASS, "name": printable(title), "time": _NO_TIME})
    if check.outcome is Outcome.PASSED:
        return case
    kind = "skipped" if check.outcome is Outcome.SKIPPED else "error" if not_made else "failure"
    reason = ET.SubElement(case, kind, {"message": printable(check.detail)})
    if kind != "skipped":
        reason.set("type", "NotVerified" if kind == "error" else "NotEquivalent")
        reason.text = printable(check.line())
    return case


def _facts(result: Result) -> dict[str, str]:
    """Return the images, files and versions that the verdict is based on."""
    environment = result.environment
    return {
        "verdict": result.verdict or "NOT VERIFIED",
        "exit_code": str(result.exit_code),
        "images": f"{result.images.count} {result.images.origin}",
        "truth": result.truth,
        "machine": environment.machine,
        **{f"version {name}": version for name, version in environment.versions.items()},
        **{f"sha256 {name}": digest for name, digest in environment.files.items()},
        "sha256 checkpoint": environment.checkpoint_sha256 or "not available",
        **{f"option {name}": value for name, value in environment.options.items()},
    }


def _times(result: Result) -> dict[str, str]:
    """Return the time stamp as schemas require it, UTC without a zone; empty if it is invalid."""
    try:
        made = datetime.fromisoformat(result.environment.created)
    except ValueError:
        return {}
    utc = made.astimezone(UTC) if made.tzinfo else made
    return {"timestamp": utc.replace(tzinfo=None).isoformat(timespec="seconds")}
