"""The files that `cifarx verify` leaves, and what keeps them from replacing anything else."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading, require_writable
from cifarx.pytorch_models.run import RECORD

if TYPE_CHECKING:
    from cifarx.verify.exchange.for_polygraphy import ForPolygraphy
    from cifarx.verify.findings.result import Result
    from cifarx.verify.options import Options

_EDGE = 512  # bytes at either end of a file, in which its mark stands
_ADVICE = "(--report FOLDER, --json FILE, --to-polygraphy FILE)"


class _Kind(NamedTuple):
    """A file that we write, and how it is known again."""

    name: str
    begins: bytes
    """A pattern."""
    ends: bytes = b""


_JSON = _Kind("JSON report", rb'\{\s*"format":\s*"cifarx-report"')
_HTML = _Kind(
    "HTML report",
    rb"<!doctype html>\s*<html[^>]*>\s*<head>\s*(<meta[^>]*>\s*)*?"
    rb'<meta name="generator" content="cifarx ',
)
_JUNIT = _Kind("JUnit report", rb'(<\?xml[^>]*\?>)?\s*<testsuites name="cifarx verify"')
_OUTPUTS = _Kind(
    "file of outputs for Polygraphy",
    rb'\{\s*"lst":\s*\[\s*\[\s*"[a-z-]+"',  # an engine; Polygraphy's own have a number and a date
    rb'"polygraphy_class":\s*"RunResults"\s*\}\s*',
)
_INPUTS = _Kind(
    "file of inputs for Polygraphy",
    rb'\[\s*\{\s*"',
    rb'"polygraphy_class":\s*"ndarray"\s*\}\s*\}\s*\]\s*',
)


@dataclass(frozen=True)
class Outputs:
    """Where everything goes; all of it can be written there, and nothing is lost by it."""

    json: Path
    html: Path
    junit: Path
    polygraphy: ForPolygraphy | None

    @classmethod
    def of(cls, folder: Path, json_file: Path | None, asked: Options) -> Outputs:
        """Reports in a folder; report.json elsewhere where the user names it.

        Args:
            folder: of the reports.
            json_file: instead of report.json in it.
            asked: what is read, and what else is going to be written.

        Raises:
            UserError: a place that cannot be written, that holds something that is not ours, or
                that is named twice.
        """
        reports = (
            json_file or folder / "report.json",
            folder / "report.html",
            folder / "report.junit.xml",
        )
        wanted = list(zip((_JSON, _HTML, _JUNIT), reports, strict=True))
        if (polygraphy := asked.to_polygraphy) is not None:
            wanted += [(_OUTPUTS, polygraphy.outputs), (_INPUTS, polygraphy.inputs)]
        _require_apart(wanted, asked)
        for kind, path in wanted:
            require_writable(path)
            _require_replaceable(kind, path)
        return cls(*reports, polygraphy)

    def write(self, result: Result) -> None:
        """Every report, and then what is for Polygraphy; each by rename."""
        from cifarx.pytorch_models.files import write_text
        from cifarx.verify.report.html_report import as_html
        from cifarx.verify.report.json_report import as_text
        from cifarx.verify.report.junit_report import as_junit

        for path, write in ((self.json, as_text), (self.html, as_html), (self.junit, as_junit)):
            write_text(path, write(result))
        if self.polygraphy is not None:
            self.polygraphy.write()


def _require_apart(wanted: list[tuple[_Kind, Path]], asked: Options) -> None:
    """Raise `UserError` where one file would be two things, or lie in a folder that is read."""
    file, saved = asked.file, asked.from_polygraphy
    taken = {
        os.path.realpath(file): "the model to verify",
        os.path.realpath(file.parent / f"{file.stem}.mat"): "the .mat to verify",
    }
    read = {} if saved is None else {os.path.realpath(saved): "what --from-polygraphy reads"}
    taken |= read
    for kind, path in wanted:
        real = os.path.realpath(path)
        if other := taken.get(real) or read.get(os.path.dirname(real)):
            raise UserError(
                f"{path} cannot be both {other} and the {kind.name} to write. Give each a place of "
                f"its own {_ADVICE}."
            )
        taken[real] = f"the {kind.name}"


def _require_replaceable(kind: _Kind, path: Path) -> None:
    """Raise `UserError` for anything there but a file of this kind, and for a run's folder."""
    real = Path(os.path.realpath(path))
    if (real.parent / RECORD).exists():
        raise UserError(
            f"{path} would lie in the folder of a run, which holds {RECORD}; only the run's own "
            f"files belong there. Give another place {_ADVICE}."
        )
    if not path.is_symlink() and (not os.path.lexists(real) or _is_ours(kind, real)):
        return
    raise UserError(
        f"{path} is there already, and is no {kind.name} that 'cifarx verify' wrote, so that it is "
        f"not replaced. Move it away, or give another place {_ADVICE}."
    )


def _is_ours(kind: _Kind, path: Path) -> bool:
    if not path.is_file():
        return False
    with reading(path), path.open("rb") as file:
        first = file.read(_EDGE)
        file.seek(max(0, path.stat().st_size - _EDGE))
        last = file.read(_EDGE)
    return bool(re.match(kind.begins, first) and re.search(kind.ends + rb"\Z", last))
