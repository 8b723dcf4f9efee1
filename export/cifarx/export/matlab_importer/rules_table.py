"""Write the rules about MATLAB's importer as Markdown, for docs/import-check.md.

`python -m cifarx.export.matlab_importer.rules_table docs/import-check.md` updates the page.
"""

from __future__ import annotations

import sys
from pathlib import Path

from cifarx.export.matlab_importer.conditions import CONDITIONS
from cifarx.export.matlab_importer.knowledge import (
    RELEASES,
    Ceiling,
    Citation,
    Rule,
    ceiling,
    rules,
)
from cifarx.pytorch_models.files import write_text

START, END = "<!-- rules -->\n", "<!-- /rules -->"


def updated(page: str) -> str:
    """The page with new tables between its markers."""
    before, _, rest = page.partition(START)
    return before + START + _markdown() + END + rest.partition(END)[2]


def _markdown() -> str:
    sources: list[Citation] = []
    rows = [_row(rule, sources) for rule in rules()]
    limits = [_limit(limit, sources) for limit in dict.fromkeys(map(ceiling, RELEASES))]
    return "\n".join(
        [
            "| operators | conditions | outcome | releases | reason; *remedy* | sources |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "| releases | opset | newest IR | sources |",
            "|---|---|---|---|",
            *limits,
            "",
            "| condition | holds where |",
            "|---|---|",
            *(f"| {name} | {test.__doc__} |" for name, test in CONDITIONS.items()),
            "",
            "| | kind | source |",
            "|---|---|---|",
            *(f"| {i} | {s.kind} | {s.reference} |" for i, s in enumerate(sources, 1)),
            "",
        ]
    )


def _row(rule: Rule, sources: list[Citation]) -> str:
    becomes = f"{rule.outcome}: {rule.layer}" if rule.layer else rule.outcome
    reason = f"{rule.why}. *{rule.remedy}*" if rule.remedy else f"{rule.why}."
    cells = (
        "any" if rule.operators == ("*",) else ", ".join(rule.operators),
        ", ".join(rule.when),
        becomes,
        _span(rule.releases),
        reason,
        _cited(rule.sources, sources),
    )
    return f"| {' | '.join(cells)} |"


def _limit(limit: Ceiling, sources: list[Citation]) -> str:
    opset = f"{limit.oldest_opset} to {limit.newest_opset}"
    cited = _cited(limit.sources, sources)
    return f"| {_span(limit.releases)} | {opset} | {limit.newest_ir} | {cited} |"


def _span(releases: tuple[str, ...]) -> str:
    if releases == RELEASES:
        return "all"
    return f"from {releases[0]}" if releases[-1] == RELEASES[-1] else f"up to {releases[-1]}"


def _cited(cited: tuple[Citation, ...], sources: list[Citation]) -> str:
    """Kinds and numbers, such as 'USER 1, INFER 4'; new sources are added to the list."""
    sources.extend(source for source in cited if source not in sources)
    return ", ".join(f"{s.kind} {sources.index(s) + 1}" for s in cited)


if __name__ == "__main__":
    target = Path(sys.argv[1])
    write_text(target, updated(target.read_text("utf-8")))
