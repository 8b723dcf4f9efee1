"""`cifarx verify`: the command's options, what it prints, and the files it leaves."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cifarx.pytorch_models.errors import UserError

if TYPE_CHECKING:
    from cifarx.verify.result import Result

File = Annotated[Path, typer.Argument(help="The ONNX file; its .mat lies beside it.")]
Engines = Annotated[
    str | None,
    typer.Option(
        help="By commas, of pytorch, pytorch-channels-last, pytorch-cuda, onnxruntime, "
        "onnxruntime-unoptimized, onnxruntime-cuda, octave, matlab and matlab-result (what "
        "cifarx.verify wrote in MATLAB); each must be there."
    ),
]
Checkpoint = Annotated[
    Path | None, typer.Option(help="The run it came from, when it is not found by itself.")
]
ImageCount = Annotated[int, typer.Option(min=1, help="Test images to compare logits on.")]
LayerImages = Annotated[
    int, typer.Option(min=1, help="Of those images, how many every layer is judged on.")
]
AccuracyImages = Annotated[
    str | None,
    typer.Option("--accuracy", help="Test images to score on, N or 'all'; else those of --images."),
]
Accept = Annotated[
    str | None, typer.Option(help="'predictions': exit 0 for SAME PREDICTIONS, too.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="Write report.json under this name instead.")
]
ReportFolder = Annotated[
    Path, typer.Option("--report", help="Folder for report.json, report.html, report.junit.xml.")
]
Judge = Annotated[
    Path | None,
    typer.Option(help="Judge a saved report.json again; nothing is run, nothing written."),
]
Atol = Annotated[
    float | None,
    typer.Option(min=0, help="Absolute tolerance to quote; it has no part in the verdict."),
]
Rtol = Annotated[
    float | None,
    typer.Option(min=0, help="Relative tolerance to quote; it has no part in the verdict."),
]
FromPolygraphy = Annotated[
    Path | None,
    typer.Option(help="Outputs that Polygraphy saved for the inputs of --to-polygraphy."),
]
ToPolygraphy = Annotated[
    Path | None,
    typer.Option(help="Write outputs for Polygraphy, and the inputs beside them."),
]


@dataclass(frozen=True)
class Places:
    """Where the reports go."""

    json: Path
    html: Path
    junit: Path

    @classmethod
    def of(cls, folder: Path, json_file: Path | None, polygraphy: Path | None) -> Places:
        """In a folder; report.json elsewhere where the user names it.

        Args:
            folder: of the reports.
            json_file: instead of report.json in it.
            polygraphy: another file that is going to be written.

        Raises:
            UserError: something is there that is no report of cifarx's.
        """
        if folder.exists() and not folder.is_dir():
            raise UserError(f"--report {folder} is a file. Give a folder for the reports.")
        places = cls(
            json_file or folder / "report.json", folder / "report.html", folder / "report.junit.xml"
        )
        for path in (places.json, places.html, places.junit):
            _require_replaceable(path, b"cifarx")
        if polygraphy is not None:
            _require_replaceable(polygraphy, b"polygraphy_class")
        return places

    def write(self, result: Result) -> None:
        """Every report, each by rename."""
        from cifarx.pytorch_models.files import write_text
        from cifarx.verify.html_report import as_html
        from cifarx.verify.junit_report import as_junit
        from cifarx.verify.report import as_text

        for path, write in ((self.json, as_text), (self.html, as_html), (self.junit, as_junit)):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_text(path, write(result))


def _require_replaceable(path: Path, mark: bytes) -> None:
    """Raise `UserError` for anything there but a file with a mark of ours in its beginning."""
    if not path.exists() and not path.is_symlink():
        return
    ours = False
    if path.is_file() and not path.is_symlink():
        with path.open("rb") as file:
            ours = mark in file.read(512)
    if not ours or path.suffix in (".onnx", ".mat"):
        raise UserError(
            f"{path} is there already, and is no report that 'cifarx verify' wrote, so that it is "
            "not replaced. Move it away, or name another place (--report FOLDER, --json FILE)."
        )


def accuracy_images(text: str | None) -> int | None:
    """The number that --accuracy means; `UserError` for what is none."""
    if text is None:
        return None
    if text == "all":
        return 2**62
    if not text.isdecimal() or not int(text):
        raise UserError(
            f"--accuracy {text!r} is not a number of test images. Give 1 or more, or 'all'."
        )
    return int(text)


def tolerance(atol: float | None, rtol: float | None) -> tuple[float, float] | None:
    """(atol, rtol), the one that was not given 0; None where neither was."""
    return None if atol is None and rtol is None else (atol or 0.0, rtol or 0.0)


def require_acceptable(accept: str | None) -> None:
    """Raise `UserError` for an --accept that is not there."""
    if accept not in (None, "predictions"):
        raise UserError(f"--accept {accept!r} is not allowed; the only choice is 'predictions'.")


def show(result: Result) -> None:
    """Print every check's line, the verdict last."""
    from cifarx.verify.report import lines

    for line in lines(result):
        print(line)


def judge_again(report: Path, accept: str | None) -> Result:
    """A saved report's result, with what the user accepts now."""
    from cifarx.verify.report import read_report

    return replace(read_report(report), accept_predictions=accept is not None)


def first_process() -> bool:
    """Whether this process speaks for all that torchrun started."""
    return os.environ.get("RANK", "0") == "0"
