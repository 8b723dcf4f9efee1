"""Export and verify networks for other tasks than classes of images, for docs/networks.md.

    python benchmarks/task_suite.py --page docs/networks.md [NAME ...]

The networks are those of tests/support/task_networks.py. ONNX Runtime, optimised and not, and
Octave are judged by PyTorch in float64; all layers on 16 of the inputs.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import chdir
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))
from task_networks import TASK_NETWORKS

from cifarx.export.bundle import Formats, write_bundle
from cifarx.export.model_contract import SourceOptions
from cifarx.export.sources import open_source
from cifarx.verify.findings.result import Result
from cifarx.verify.options import VerifyOptions
from cifarx.verify.verify import verify

ENGINES = ("onnxruntime", "onnxruntime-unoptimized", "octave")
IMAGES = 16
START, END = "<!-- tasks -->\n", "<!-- /tasks -->"
HEAD = (
    "| network | inputs | outputs | task | layers | verdict | ONNX Runtime | not optimised "
    "| Octave | RMS | s |\n|---|---|---|---|---|---|---|---|---|---|---|\n"
)


def row(name: str) -> str:
    """Export and verify one network, and return its row of the table."""
    network = TASK_NETWORKS[name]
    began = time.monotonic()
    options = SourceOptions(input_sizes=network.sizes, task=network.asked)
    source = open_source(f"task_networks:{name}", options)
    with tempfile.TemporaryDirectory(prefix="cifarx-") as folder, chdir(folder):
        write_bundle(source.bundle, Path(), name, Formats(onnx=True, mat=True))
        result = verify(VerifyOptions(Path(f"{name}.onnx"), ENGINES, layer_images=IMAGES))
    graph = source.bundle.graph
    cells = [
        name,
        ", ".join(_by(one.shape) for one in graph.inputs),
        ", ".join(map(_by, graph.output_shapes())),
        source.bundle.card.task,
        str(len(graph.layers)),
        str(result.verdict or "NOT VERIFIED"),
        *(_worst(result, engine) for engine in ENGINES),
        f"{max((j.ratio for j in result.judgements()), default=0.0):.2f}x",
        f"{time.monotonic() - began:.0f}",
    ]
    return f"| {' | '.join(cells)} |\n"


def _by(shape: tuple[int, ...]) -> str:
    return " x ".join(map(str, shape)) or "1"


def _worst(result: Result, engine: str) -> str:
    """The largest ratio of a layer's error to its bound, apart from single roundings."""
    ratios = [
        layer.ratio
        for report in result.engines
        if report.engine == engine
        for layer in report.layers
        if layer.kind not in ("AdditionLayer", "MultiplicationLayer")
    ]
    return f"{max(ratios, default=0.0):.2f}"


def main() -> None:
    """Print the rows, and write them into the page if one is named."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--page", type=Path)
    given = parser.parse_args()
    rows = []
    for name in given.names or TASK_NETWORKS:
        rows.append(row(name))
        print(rows[-1], end="", flush=True)
    if given.page:
        before, _, rest = given.page.read_text("utf-8").partition(START)
        after = rest.partition(END)[2]
        given.page.write_text(before + START + HEAD + "".join(rows) + END + after, "utf-8")


if __name__ == "__main__":
    main()
