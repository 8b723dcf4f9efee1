"""The records about MATLAB's importNetworkFromONNX: rules, their sources, and the releases.

The rules are data, in rules.toml; the conditions that they name are in `conditions`.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from cifarx.pytorch_models.errors import UserError, nearest

RELEASES = ("R2023b", "R2024a", "R2024b", "R2025a", "R2025b", "R2026a", "R2026b")
"""MATLAB releases, from the first with importNetworkFromONNX to the newest known."""

OUTCOMES = ("built-in", "no layer", "add-on", "generated", "unknown", "placeholder")
"""What a node can become, the most welcome outcome first."""

CLEAN = ("built-in", "no layer")
KINDS = {
    "DOC": "a page of MathWorks' documentation",
    "MW": "other material published by MathWorks, such as code that it runs on imported networks",
    "USER": "a public record by a user of MATLAB",
    "RECALL": "from memory, not verified",
    "INFER": "inferred, without a record",
}
STRONG = ("DOC", "MW", "USER")
"""Kinds of source that suffice to call a node built-in."""


@dataclass(frozen=True)
class Citation:
    """The source of a statement."""

    kind: str
    """One of KINDS."""
    reference: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.reference}"


@dataclass(frozen=True)
class Rule:
    """The outcome for some operators under some conditions."""

    operators: tuple[str, ...]
    """'*' stands for any."""
    when: tuple[str, ...]
    """Names of conditions; all must hold."""
    outcome: str
    layer: str
    """Class of the MATLAB layer; an example of the name if it is generated; else ''."""
    why: str
    remedy: str
    sources: tuple[Citation, ...]
    releases: tuple[str, ...]

    @property
    def evidence(self) -> str:
        """'strong' if it has a DOC, MW or USER source, else 'weak'."""
        return "strong" if any(s.kind in STRONG for s in self.sources) else "weak"


@dataclass(frozen=True)
class Ceiling:
    """The opsets and IR versions that MATLAB reads without a warning."""

    releases: tuple[str, ...]
    oldest_opset: int
    newest_opset: int
    newest_ir: int
    sources: tuple[Citation, ...]


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, in the order in which they are tried."""
    table = _table()
    return tuple(
        Rule(
            operators=tuple(row["operators"]),
            when=tuple(row.get("when", ())),
            outcome=row["outcome"],
            layer=row.get("layer", ""),
            why=row["why"],
            remedy=row.get("remedy", ""),
            sources=_named(table, row),
            releases=_span(row),
        )
        for row in table["rule"]
    )


@cache
def always_generated() -> frozenset[str]:
    """Operators that always become generated layers."""
    generated = [rule for rule in rules() if rule.outcome == "generated" and not rule.when]
    return frozenset(operator for rule in generated for operator in rule.operators)


@cache
def ceiling(release: str) -> Ceiling:
    """The opsets and IR versions that a release reads without a warning."""
    table = _table()
    row = next(row for row in table["ceiling"] if release in _span(row))
    return Ceiling(
        releases=_span(row),
        oldest_opset=row["oldest_opset"],
        newest_opset=row["newest_opset"],
        newest_ir=row["newest_ir"],
        sources=_named(table, row),
    )


@cache
def citation(key: str) -> Citation:
    """A source by its name in rules.toml."""
    return Citation(**_table()["sources"][key])


def releases_of(given: str | None) -> tuple[str, ...]:
    """The releases to judge for: the given one, or all for None.

    Raises:
        UserError: it is not a MATLAB release, or not one that is covered.

    >>> releases_of("2024b")
    ('R2024b',)
    """
    if given is None:
        return RELEASES
    name = given.strip()
    name = name if name[:1] in "rR" else f"R{name}"
    name = f"R{name[1:].lower()}"
    if name in RELEASES:
        return (name,)
    span = f"{RELEASES[0]} to {RELEASES[-1]}"
    if re.fullmatch(r"R\d{4}[ab]", name) and name < RELEASES[0]:
        raise UserError(
            f"--matlab {given!r} is older than {RELEASES[0]}, the first release that has "
            f"importNetworkFromONNX. This check covers {span}. For {name}, use model.mat of "
            "'cifarx export --mat', which needs no importer."
        )
    if re.fullmatch(r"R\d{4}[ab]", name):
        raise UserError(
            f"--matlab {given!r} is newer than the releases that this check covers, {span}. Try "
            f"--matlab {RELEASES[-1]}, or leave --matlab out for what holds in all of them."
        )
    near = nearest(name, {r.lower(): r for r in RELEASES})
    near = re.sub(r"'r(.*?)'", r"'R\1'", near)
    raise UserError(
        f"--matlab {given!r} is not a MATLAB release. {near}Allowed are {', '.join(RELEASES)}; "
        "leave --matlab out for what holds in all of them."
    )


@cache
def _table() -> Mapping[str, Any]:
    text = Path(__file__).with_name("rules.toml").read_text("utf-8")
    return tomllib.loads(text)


def _named(table: Mapping[str, Any], row: Mapping[str, Any]) -> tuple[Citation, ...]:
    return tuple(Citation(**table["sources"][key]) for key in row["sources"])


def _span(row: Mapping[str, Any]) -> tuple[str, ...]:
    first, last = row.get("since", RELEASES[0]), row.get("until", RELEASES[-1])
    return RELEASES[RELEASES.index(first) : RELEASES.index(last) + 1]
