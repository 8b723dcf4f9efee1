"""Verify the networks that the project did not write, and write the table of docs/networks.md.

    python benchmarks/sound_suite.py --results FILE [--octave] [--most N] [NAME ...]
    python benchmarks/sound_suite.py --results FILE --page docs/networks.md

The first exports and verifies networks of tests/support/foreign_networks.py, prints a line for each
and appends its figures to FILE, one JSON object per line; networks that FILE has already are left
out. The second writes FILE's figures into the page.
"""

from __future__ import annotations

import argparse
import gc
import json
import re
import resource
import sys
import tempfile
import time
import traceback
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from foreign_check import LIVE, check, export
from foreign_networks import networks

from cifarx.pytorch_models.errors import UserError
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.report.json_report import lines

ENGINES = (*LIVE, "octave")
Figures = Mapping[str, Any]
ONE_ROUNDING = ("AdditionLayer", "MultiplicationLayer")
HEAD = (
    "| network | source | layers | verdict | PyTorch | channels-last | ONNX Runtime "
    "| not optimised | Octave | by approximation | RMS | s |",
    "|---|---|---|---|---|---|---|---|---|---|---|---|",
)
KINDS_HEAD = (
    "| kind | bound | PyTorch | channels-last | ONNX Runtime | not optimised | Octave |",
    "|---|---|---|---|---|---|---|",
)


def figures(name: str, result: Result, seconds: float) -> dict[str, Any]:
    """The figures of a network, for the tables and to find the layers nearest to their bounds."""
    worst: dict[str, dict[str, list[Any]]] = {}
    for report in result.engines:
        kinds = worst.setdefault(report.engine, {})
        for layer in report.layers:
            found = kinds.setdefault(f"{layer.kind} {layer.algorithm}", [0.0, layer.layer])
            if layer.ratio > found[0]:
                found[:] = [layer.ratio, layer.layer]
    return {
        "network": name,
        "source": networks()[name].source,
        "size": networks()[name].input_size,
        "images": result.images.count,
        "layers": len(result.layers),
        "verdict": str(result.verdict),
        "worst": worst,
        "rms": {e.engine: e.judgement.ratio for e in result.engines if e.judgement},
        "lines": lines(result),
        "seconds": round(seconds),
    }


def checked(name: str, engines: tuple[str, ...]) -> dict[str, Any]:
    """Figures of one network, or why it was refused or could not be verified."""
    start = time.monotonic()
    known = {"network": name, "source": networks()[name].source}
    try:
        with tempfile.TemporaryDirectory() as folder:
            export(name, Path(folder))
            result = check(name, Path(folder), engines)
    except UserError as error:
        return {**known, "refused": str(error)}
    except Exception as error:  # told beside the others; the next networks go on
        traceback.print_exc()
        return {**known, "broke": f"{type(error).__name__}: {error}"[:500]}
    return figures(name, result, time.monotonic() - start)


def summary(found: Figures) -> str:
    """What to print of a network: one line, or for an alarm the lines that did not pass."""
    name, memory = found["network"], resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    if "verdict" not in found:
        said = found.get("refused") or found.get("broke")
        return f"{name}: {'refused' if 'refused' in found else 'BROKE'}: {said}"
    text = f"{name}: {found['verdict']}, {found['seconds']} s, {memory:.1f} GiB"
    if found["verdict"] != Verdict.EQUIVALENT:
        text += "".join(f"\n    {line}" for line in found["lines"] if not line.startswith("PASSED"))
    return text


def read(results: Path) -> list[Figures]:
    """The figures in a file, none where it is not there yet."""
    if not results.exists():
        return []
    return [json.loads(line) for line in results.read_text("utf-8").splitlines()]


def row(found: Figures) -> str:
    """A network's row of the first table."""
    direct, wider = [], [0.0]
    for engine in ENGINES:
        ratios = {key: value[0] for key, value in found["worst"].get(engine, {}).items()}
        sums = [
            r
            for k, r in ratios.items()
            if k.endswith("direct") and k.split()[0] not in ONE_ROUNDING
        ]
        direct.append(max(sums, default=None))
        wider += [r for k, r in ratios.items() if k.endswith("approximation")]
    cells = [
        found["network"].removeprefix("timm_"),
        found["source"].removeprefix("tests/support/"),
        found["layers"],
        found["verdict"],
        *map(_number, direct),
        _number(max(wider) or None),
        f"{max(found['rms'].values()):.2f}x",
        found["seconds"],
    ]
    return f"| {' | '.join(map(str, cells))} |"


def kind_rows(all_figures: Iterable[Figures]) -> Iterator[str]:
    """The second table: how near layers came to their bounds, by kind."""
    worst: dict[str, dict[str, float]] = {}
    for found in all_figures:
        for engine, kinds in found["worst"].items():
            for kind, (ratio, _) in kinds.items():
                known = worst.setdefault(kind, {})
                known[engine] = max(known.get(engine, 0.0), ratio)
    for kind in sorted(worst):
        ratios = [worst[kind].get(engine) for engine in ENGINES]
        if any(ratios):
            name, algorithm = kind.split()
            yield f"| {name.removesuffix('Layer')} | {algorithm} | {_cells(ratios)} |"


def _why(found: Figures) -> str:
    """What the export says, without its advice and with the first node of each operator."""
    text = found["refused"].partition(". If other operators of PyTorch")[0]
    return re.sub(r"\(nodes? (\w+)[^)]*\)", r"(\1 …)", text)


def _cells(ratios: Sequence[float | None]) -> str:
    return " | ".join(map(_number, ratios))


def _number(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"


def with_tables(page: str, all_figures: Sequence[Figures]) -> str:
    """The page with its three parts between marks replaced."""
    compared = [found for found in all_figures if "verdict" in found]
    refused = [found for found in all_figures if "refused" in found]
    parts = {
        "sound": [*HEAD, *map(row, compared)],
        "kinds": [*KINDS_HEAD, *kind_rows(compared)],
        "refused": [f"- `{f['network'].removeprefix('timm_')}`: {_why(f)}" for f in refused],
    }
    for name, text in parts.items():
        start, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
        before, _, rest = page.partition(start)
        behind = rest.partition(end)[2]
        page = before + start + "".join(f"{line}\n" for line in text) + end + behind
    return page


def main() -> None:
    """Check networks and say which raise an alarm, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help="all, if none is named")
    parser.add_argument("--results", type=Path, required=True)
    parser.add_argument("--page", type=Path)
    parser.add_argument("--octave", action="store_true")
    parser.add_argument("--most", type=int, help="networks in this process")
    given = parser.parse_args()
    if given.page:
        page = with_tables(given.page.read_text("utf-8"), read(given.results))
        given.page.write_text(page, "utf-8")
        return
    done = {found["network"] for found in read(given.results)}
    left = [name for name in given.names or networks() if name not in done]
    for name in left[: given.most]:
        found = checked(name, ENGINES if given.octave else LIVE)
        with given.results.open("a", encoding="utf-8") as file:
            print(json.dumps(found), file=file)
        print(summary(found), flush=True)
        gc.collect()


if __name__ == "__main__":
    main()
