"""`cifarx verify`: the command's options, and what it prints."""

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
MatlabReport = Annotated[
    Path | None,
    typer.Option(
        help="Check cifarx-matlab-report.json of runCifarxTests and print its row of the table in "
        "matlab/README.md; nothing is verified."
    ),
]
Atol = Annotated[
    float | None,
    typer.Option(help="Absolute tolerance to quote; it has no part in the verdict."),
]
Rtol = Annotated[
    float | None,
    typer.Option(help="Relative tolerance to quote; it has no part in the verdict."),
]
FromPolygraphy = Annotated[
    Path | None,
    typer.Option(help="Outputs that Polygraphy saved for the inputs of --to-polygraphy."),
]
ToPolygraphy = Annotated[
    Path | None,
    typer.Option(help="Write outputs for Polygraphy, and the inputs beside them."),
]


def accuracy_images(text: str | None) -> int | None:
    """The number that --accuracy means; `UserError` for what is none."""
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
    """(atol, rtol), the one that was not given 0; None where neither was.

    Raises:
        UserError: one that is negative, infinite or no number.
    """
    for name, value in (("--atol", atol), ("--rtol", rtol)):
        if value is not None and not (math.isfinite(value) and value >= 0):
            raise UserError(
                f"{name} {value} is no tolerance: either nothing or everything would be within it. "
                "Give a finite number from 0, such as 1e-5, or leave it out."
            )
    return None if atol is None and rtol is None else (atol or 0.0, rtol or 0.0)


def require_acceptable(accept: str | None) -> None:
    """Raise `UserError` for an --accept that is not there."""
    if accept not in (None, "predictions"):
        raise UserError(f"--accept {accept!r} is not allowed; the only choice is 'predictions'.")


def show(result: Result) -> None:
    """Print every check's line, the verdict last."""
    from cifarx.verify.report.json_report import lines

    for line in lines(result):
        print(line)


def judge_again(report: Path, accept: str | None) -> Result:
    """A saved report's result, with what the user accepts now."""
    from cifarx.verify.report.json_report import read_report

    return replace(read_report(report), accept_predictions=accept is not None)


def row_of_report(path: Path) -> int:
    """Print the table's row of a report of the toolbox's tests; exit code 1 if a test failed."""
    from cifarx.verify.exchange.matlab_report import HEADER, read_report, row

    report = read_report(path)
    print("\n".join((*HEADER, row(report))))
    return int(report.failed > 0)


def first_process() -> bool:
    """Whether this process speaks for all that torchrun started."""
    return os.environ.get("RANK", "0") == "0"
