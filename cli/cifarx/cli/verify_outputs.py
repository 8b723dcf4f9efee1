"""Write the files of `cifarx verify` without replacing anything that it did not write."""

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
    from cifarx.verify.exchange.for_polygraphy import EngineOutputs
    from cifarx.verify.findings.result import Result
    from cifarx.verify.options import VerifyOptions

_EDGE = 512  # bytes at either end of a file that are searched for its mark
_ADVICE = "(--report FOLDER, --json FILE, --to-polygraphy FILE)"


class _Kind(NamedTuple):
    """A kind of file that cifarx writes, and how to recognise it."""

    name: str
    begins: bytes
    """Pattern for the first bytes."""
    ends: bytes = b""
    """Pattern for the last bytes."""


_JSON = _Kind("JSON report", rb'\{\s*"format":\s*"cifarx-report"')
_HTML = _Kind(
    "HTML report",
    rb"<!doctype html>\s*<html[^>]*>\s*<head>\s*(<meta[^>]*>\s*)*?"
    rb'<meta name="generator" content="cifarx ',
)
_JUNIT = _Kind("JUnit report", rb'(<\?xml[^>]*\?>)?\s*<testsuites name="cifarx verify"')
_OUTPUTS = _Kind(
    "file of outputs for Polygraphy",
    rb'\{\s*"lst":\s*\[\s*\[\s*"[a-z-]+"',  # an engine; the names that Polygraphy gives have digits
    rb'"polygraphy_class":\s*"RunResults"\s*\}\s*',
)
_INPUTS = _Kind(
    "file of inputs for Polygraphy",
    rb'\[\s*\{\s*"',
    rb'"polygraphy_class":\s*"ndarray"\s*\}\s*\}\s*\]\s*',
)


@dataclass(frozen=True)
class ReportPaths:
    """The files to write."""

    json: Path
    html: Path
    junit: Path
    polygraphy: Path | None
    """Outputs for Polygraphy; the inputs go beside them. None writes neither."""

    def kinds(self) -> list[tuple[_Kind, Path]]:
        """Return every file that will be written, with its kind."""
        files = [(_JSON, self.json), (_HTML, self.html), (_JUNIT, self.junit)]
        if self.polygraphy is not None:
            from cifarx.verify.exchange.for_polygraphy import inputs_path

            files += [(_OUTPUTS, self.polygraphy), (_INPUTS, inputs_path(self.polygraphy))]
        return files


def report_paths(folder: Path, json_file: Path | None, polygraphy: Path | None) -> ReportPaths:
    """Return the paths of the reports; `json_file` replaces report.json in the folder.

    >>> report_paths(Path("out"), None, None).html.name
    'report.html'
    """
    return ReportPaths(
        json_file or folder / "report.json",
        folder / "report.html",
        folder / "report.junit.xml",
        polygraphy,
    )


def require_paths(paths: ReportPaths, asked: VerifyOptions) -> None:
    """Check that every file can be written without losing anything.

    Args:
        paths: the files to write.
        asked: the options of the check, which name the files that it reads.

    Raises:
        UserError: a path cannot be written, holds something that cifarx did not write, or is named
            twice.
    """
    _require_apart(paths, asked)
    for kind, path in paths.kinds():
        require_writable(path)
        _require_replaceable(kind, path)


def write_reports(paths: ReportPaths, result: Result, outputs: EngineOutputs | None) -> None:
    """Write every report, then the files for Polygraphy; each appears by rename."""
    from cifarx.pytorch_models.files import write_text
    from cifarx.verify.report.html_report import as_html
    from cifarx.verify.report.json_report import as_text
    from cifarx.verify.report.junit_report import as_junit

    for path, write in ((paths.json, as_text), (paths.html, as_html), (paths.junit, as_junit)):
        write_text(path, write(result))
    if paths.polygraphy is not None and outputs is not None:
        from cifarx.verify.exchange.for_polygraphy import write_for_polygraphy

        write_for_polygraphy(paths.polygraphy, outputs)


def _require_apart(paths: ReportPaths, asked: VerifyOptions) -> None:
    """Raise `UserError` if two files share a path, or one would go into a folder that is read."""
    file, saved = asked.file, asked.from_polygraphy
    taken = {
        os.path.realpath(file): "the model to verify",
        os.path.realpath(file.parent / f"{file.stem}.mat"): "the .mat to verify",
    }
    read = {} if saved is None else {os.path.realpath(saved): "what --from-polygraphy reads"}
    taken |= read
    for kind, path in paths.kinds():
        real = os.path.realpath(path)
        if other := taken.get(real) or read.get(os.path.dirname(real)):
            raise UserError(
                f"{path} cannot be both {other} and the {kind.name} to write. Give each a path of "
                f"its own {_ADVICE}."
            )
        taken[real] = f"the {kind.name}"


def _require_replaceable(kind: _Kind, path: Path) -> None:
    """Raise `UserError` if the path is in a run's folder, or holds anything but this kind."""
    real = Path(os.path.realpath(path))
    if (real.parent / RECORD).exists():
        raise UserError(
            f"{path} would be in the folder of a run ({RECORD} is there), which is only for the "
            f"run's own files. Choose another place {_ADVICE}."
        )
    if not path.is_symlink() and (not os.path.lexists(real) or _is_ours(kind, real)):
        return
    raise UserError(
        f"{path} already exists and is not a {kind.name} written by 'cifarx verify', so it is not "
        f"replaced. Move it away, or choose another place {_ADVICE}."
    )


def _is_ours(kind: _Kind, path: Path) -> bool:
    if not path.is_file():
        return False
    with reading(path), path.open("rb") as file:
        first = file.read(_EDGE)
        file.seek(max(0, path.stat().st_size - _EDGE))
        last = file.read(_EDGE)
    return bool(re.match(kind.begins, first) and re.search(kind.ends + rb"\Z", last))
