"""Options of `cifarx verify`, and the printing of its result."""

from __future__ import annotations

import math
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from cifarx.pytorch_models.errors import UserError

if TYPE_CHECKING:
    from cifarx.verify.findings.result import Result

File = Annotated[Path, typer.Argument(help="ONNX file; its .mat file is expected beside it.")]
Engines = Annotated[
    str | None,
    typer.Option(
        help="Comma-separated engines; each must be available: pytorch, pytorch-channels-last, "
        "pytorch-cuda, onnxruntime, onnxruntime-unoptimized, onnxruntime-cuda, octave, matlab, "
        "matlab-result (written by cifarx.verify in MATLAB). Default: all that are available."
    ),
]
Checkpoint = Annotated[
    Path | None,
    typer.Option(
        help="The run that the files came from (default: the one in runs/ with their weights); "
        "'none' compares the files only with each other."
    ),
]
ImageCount = Annotated[int, typer.Option(min=1, help="Number of test images for the logits.")]
LayerImages = Annotated[
    int, typer.Option(min=1, help="How many of these images to check every layer on.")
]
AccuracyImages = Annotated[
    str | None,
    typer.Option(
        "--accuracy",
        help="Number of test images for the accuracy, or 'all' (default: those of --images).",
    ),
]
Accept = Annotated[
    str | None, typer.Option(help="'predictions': also exit with 0 for SAME PREDICTIONS.")
]
JsonFile = Annotated[
    Path | None, typer.Option("--json", help="File to write instead of report.json.")
]
ReportFolder = Annotated[
    Path, typer.Option("--report", help="Folder for report.json, report.html and report.junit.xml.")
]
Judge = Annotated[
    Path | None,
    typer.Option(help="Judge a saved report.json again; runs nothing and writes nothing."),
]
MatlabReport = Annotated[
    Path | None,
    typer.Option(
        help="Check cifarx-matlab-report.json of runCifarxTests and print its row of the table in "
        "matlab/README.md; nothing is verified."
    ),
]
Atol = Annotated[
    float | None,
    typer.Option(help="Absolute tolerance to report on; it does not affect the verdict."),
]
Rtol = Annotated[
    float | None,
    typer.Option(help="Relative tolerance to report on; it does not affect the verdict."),
]
Data = Annotated[
    str | None,
    typer.Option(
        help="Inputs to compare on, for a network that is not a run: what 'train --data' takes, "
        "or an .npy or .npz file (default: those in the .mat)."
    ),
]
FromPolygraphy = Annotated[
    Path | None,
    typer.Option(help="Also judge the outputs that Polygraphy saved in this file or folder."),
]
ToPolygraphy = Annotated[
    Path | None,
    typer.Option(help="Write the outputs to this file for Polygraphy, and the inputs beside it."),
]


def accuracy_images(text: str | None) -> int | None:
    """Read the value of --accuracy; 'all' is `ALL_IMAGES`.

    >>> accuracy_images("1000"), accuracy_images(None)
    (1000, None)

    Raises:
        UserError: neither a whole number from 1 nor 'all'.
    """
    if text is None:
        return None
    if text == "all":
        from cifarx.verify.options import ALL_IMAGES

        return ALL_IMAGES
    if not re.fullmatch("[0-9]{1,18}", text) or not int(text):
        raise UserError(
            f"--accuracy {text!r} is not a number of test images. Give 1 or more, or 'all'."
        )
    return int(text)


def tolerance(atol: float | None, rtol: float | None) -> tuple[float, float] | None:
    """Return (atol, rtol), with 0 for the one that was not given; None if neither was.

    >>> tolerance(1e-5, None)
    (1e-05, 0.0)

    Raises:
        UserError: a value is negative, infinite or NaN.
    """
    for name, value in (("--atol", atol), ("--rtol", rtol)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UserError(
                f"{name} {value} is not a tolerance, because either nothing or everything would be "
                "within it. Give a finite number from 0, such as 1e-5, or leave the option out."
            )
    return None if atol is None and rtol is None else (atol or 0.0, rtol or 0.0)


def require_acceptable(accept: str | None) -> None:
    """Raise `UserError` if --accept has a value other than 'predictions'."""
    if accept not in (None, "predictions"):
        raise UserError(f"--accept {accept!r} is not allowed; the only choice is 'predictions'.")


def show(result: Result) -> None:
    """Print one line per check, the verdict last."""
    from cifarx.verify.report.json_report import lines

    for line in lines(result):
        print(line)


def judge_again(report: Path, accept: str | None) -> Result:
    """Read a saved report; --accept applies as it is given now."""
    from cifarx.verify.report.json_report import read_report

    return replace(read_report(report), accept_predictions=accept is not None)


def row_of_report(path: Path) -> int:
    """Print the table's row of a report of the toolbox's tests; exit code 1 if a test failed."""
    from cifarx.verify.exchange.matlab_report import HEADER, read_report, row

    report = read_report(path)
    print("\n".join((*HEADER, row(report))))
    return int(report.failed > 0)


def first_process() -> bool:
    """Return whether this is the only process, or the first of those that torchrun started."""
    return os.environ.get("RANK", "0") == "0"
