"""Print the report of `cifarx check`: one line per statement, its reasons indented below it.

Lines that are not indented begin with an outcome or a level, and the last line is the verdict, so
that `grep '^generated'` and `tail -1` work. Long lines are wrapped only on a terminal.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator

from rich.console import Console
from rich.text import Text

from cifarx.export.matlab_importer.check import ImporterReport, NodeVerdict
from cifarx.export.matlab_importer.findings import Finding
from cifarx.export.matlab_importer.knowledge import CLEAN, OUTCOMES, Citation
from cifarx.verify.findings.printable import printable

_STYLES = {
    "built-in": "green",
    "ok": "green",
    "CLEAN": "bold green",
    "add-on": "yellow",
    "unknown": "yellow",
    "warning": "yellow",
    "generated": "magenta",
    "placeholder": "red",
    "error": "red",
    "NOT CLEAN": "bold red",
}
_INDENT = " " * 4
_NAMED = 3  # nodes named per line; --json names all


class _Notes:
    """Number the sources in the order in which they are cited."""

    def __init__(self) -> None:
        self.sources: list[Citation] = []

    def __call__(self, cited: Iterable[Citation]) -> str:
        """Return the citation, such as '[USER 1, INFER 4]'."""
        numbers = []
        for source in cited:
            if source not in self.sources:
                self.sources.append(source)
            numbers.append(f"{source.kind} {self.sources.index(source) + 1}")
        return f"[{', '.join(numbers)}]"


def print_check(report: ImporterReport) -> None:
    """Print the report to standard output."""
    console = Console(highlight=False)
    width = console.width if console.is_terminal else None
    for line in check_lines(report):
        head = line.partition(" | ")[0]
        detail = line.startswith(_INDENT)
        for i, part in enumerate(_wrapped(line, width)):
            # Text is not markup: names in a file must not change the output.
            text = Text(part, style="dim" if detail else "")
            if i == 0 and head in _STYLES:
                text.stylize(_STYLES[head], 0, len(head))
            console.print(text, soft_wrap=True)


def check_lines(report: ImporterReport) -> Iterator[str]:
    """Yield all lines, unwrapped."""
    span = report.releases[0]
    if len(report.releases) > 1:
        span += f" to {report.releases[-1]} (the worst outcome if they differ)"
    opset = "no opset" if report.opset is None else f"opset {report.opset}"
    yield printable(
        f"{report.name}: {opset}, IR {report.ir_version}, {len(report.nodes)} nodes; MATLAB {span}"
    )
    yield "Predicted from what is recorded about importNetworkFromONNX; MATLAB was not run."
    notes = _Notes()
    for group in _grouped(report.nodes):
        yield from _group_lines(group, notes)
    for finding in report.findings:
        yield from _finding_lines(finding, notes)
    for number, source in enumerate(notes.sources, 1):
        yield f"source | {number} | {source.kind} | {source.reference}"
    yield printable(f"call | {report.call}")
    yield verdict(report)


def verdict(report: ImporterReport) -> str:
    """Return the last line, which begins with CLEAN or NOT CLEAN."""
    counts = report.counts()
    levels = [finding.level for finding in report.findings]
    if report.clean:
        share = f"all {report.layers} layers built-in"
        return f"CLEAN | {share} | no warnings | predicted, not run in MATLAB"
    built_in = f"{counts['built-in']} of {report.layers} nodes become built-in layers"
    others = [f"{counts[o]} {o}" for o in OUTCOMES if o not in CLEAN and counts[o]]
    problems = [
        f"{levels.count(level)} {level}{'s' if levels.count(level) > 1 else ''}"
        for level in ("error", "warning")
        if level in levels
    ]
    parts = [built_in, ", ".join(others), ", ".join(problems)]
    return " | ".join(["NOT CLEAN", *filter(None, parts)])


def _grouped(nodes: Iterable[NodeVerdict]) -> list[list[NodeVerdict]]:
    """Group nodes that share operator and judgement, the worst outcome first."""
    groups: dict[tuple[str, ...], list[NodeVerdict]] = {}
    for node in nodes:
        groups.setdefault((node.outcome, node.operator, node.layer, node.why), []).append(node)
    return sorted(groups.values(), key=lambda group: -OUTCOMES.index(group[0].outcome))


def _group_lines(group: list[NodeVerdict], notes: _Notes) -> Iterator[str]:
    first = group[0]
    names = [f"{n.name} ({n.module})" if n.module else n.name for n in group[:_NAMED]]
    more = f" and {len(group) - _NAMED} more" if len(group) > _NAMED else ""
    parts = [f"{first.operator} x{len(group)}", first.layer, ", ".join(names) + more]
    yield printable(" | ".join([first.outcome, *filter(None, parts)]))
    yield printable(f"{_INDENT}why: {first.why} {notes(first.sources)}")
    if first.better:
        yield f"{_INDENT}better: {first.better}"
    if first.remedy:
        yield f"{_INDENT}do: {first.remedy}"


def _finding_lines(finding: Finding, notes: _Notes) -> Iterator[str]:
    text = f"{finding.text} {notes(finding.sources)}"
    yield printable(f"{finding.level} | {finding.topic} | {text}")
    if finding.remedy:
        yield printable(f"{_INDENT}do: {finding.remedy}")


def _wrapped(line: str, width: int | None) -> list[str]:
    if width is None or line.startswith("call | "):
        return [line]  # so that the call can be copied
    indent = len(line) - len(line.lstrip())
    return textwrap.wrap(
        line,
        max(width, 40),
        subsequent_indent=" " * (indent + 4),
        break_on_hyphens=False,
        break_long_words=False,
    )
