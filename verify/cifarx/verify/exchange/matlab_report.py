"""Read the report of the toolbox's own tests, and make a row of a table from it.

`runCifarxTests` in MATLAB writes cifarx-matlab-report.json. The file comes from elsewhere, so
everything in it is checked before it is used.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading

FORMAT = "cifarx-matlab-report"
VERSION = 1
LARGEST = 2**22
HEADER = (
    "| MATLAB | system | Deep Learning Toolbox | passed | failed | skipped "
    "| cifarx.predict | cifarx.dlnetwork |",
    "|---|---|---|---|---|---|---|---|",
)
_OUTCOMES = ("passed", "failed", "skipped")
_PRODUCT = "Deep Learning Toolbox"


@dataclass(frozen=True)
class MatlabReport:
    """What a real MATLAB made of the toolbox's tests."""

    runtime: str
    """Such as 'matlab R2024b'."""
    computer: str
    toolbox: str
    """Version of Deep Learning Toolbox; '' if it is not installed."""
    outcomes: dict[str, str]
    """'passed', 'failed' or 'skipped', by the name of the test."""
    predict: tuple[float, ...]
    """Errors of `cifarx.predict`, one per network, divided by that of PyTorch in float32."""
    dlnetwork: tuple[float, ...]
    """The same of the dlnetworks that could be built."""

    @property
    def failed(self) -> int:
        """Number of tests that failed."""
        return list(self.outcomes.values()).count("failed")


def read_report(path: Path) -> MatlabReport:
    """Read and check a report.

    Raises:
        UserError: it cannot be read, is not such a report, or was not written in MATLAB.
    """
    with reading(path):
        size = path.stat().st_size
        text = path.read_bytes() if size <= LARGEST else b""
    try:
        if size > LARGEST:
            raise ValueError(f"it has {size} bytes, more than {LARGEST}")
        content = json.loads(text.decode("utf-8"))
        report = _interpret(content)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        said = "".join(c if c.isprintable() else "?" for c in str(error))[:300]
        raise UserError(
            f"{path} is not a report of runCifarxTests ({said}). Give the file "
            "cifarx-matlab-report.json that it wrote, unchanged."
        ) from error
    if not report.runtime.startswith("matlab "):
        raise UserError(
            f"{path} was written in {report.runtime}, not in MATLAB, and the table lists runs in "
            "MATLAB only. Run runCifarxTests in MATLAB."
        )
    return report


def row(report: MatlabReport) -> str:
    """The row of the table under `HEADER`, in Markdown."""
    outcomes = list(report.outcomes.values())
    cells = [
        report.runtime.removeprefix("matlab "),
        report.computer,
        report.toolbox or "not installed",
        *(str(outcomes.count(outcome)) for outcome in _OUTCOMES),
        _worst(report.predict),
        _worst(report.dlnetwork),
    ]
    return f"| {' | '.join(cells)} |"


def _worst(ratios: tuple[float, ...]) -> str:
    if not ratios:
        return "none built"
    return f"at most {max(ratios):.1f}x float32, {len(ratios)} networks"


def _interpret(content: Any) -> MatlabReport:
    """Check classes and values; anything else raises ValueError, TypeError or KeyError."""
    if content["format"] != FORMAT:
        raise ValueError(f"its format is not {FORMAT}")
    if content["version"] != VERSION:
        raise ValueError(f"version {content['version']!r}; this cifarx reads version {VERSION}")
    toolbox = [_word(p["Version"]) for p in content["products"] if p["Name"] == _PRODUCT]
    outcomes = {_word(t["name"]): _word(t["outcome"]) for t in content["tests"]}
    if not outcomes or not set(outcomes.values()) <= set(_OUTCOMES):
        raise ValueError("it has no tests, or outcomes that do not exist")
    runtime = _word(content["runtime"])
    if not re.fullmatch(r"matlab R\d{4}[ab]|octave [\d.]+", runtime):
        raise ValueError(f"runtime {runtime}")
    return MatlabReport(
        runtime,
        _word(content["computer"]),
        "".join(toolbox[:1]),
        outcomes,
        tuple(_number(n["predict_ratio"]) for n in content["networks"]),
        tuple(
            _number(n["dlnetwork_ratio"]) for n in content["networks"] if n["dlnetwork_ratio"] != []
        ),
    )


def _word(value: Any) -> str:
    """Short text without anything that means something in a table."""
    if not isinstance(value, str) or not re.fullmatch(r"[\w .()&,/+-]{1,100}", value):
        raise ValueError(f"{value!r} is not a name")
    return value


def _number(value: Any) -> float:
    """A number; JSON has null for those that are not finite."""
    if value is None:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number")
    return float(value)
