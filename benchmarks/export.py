"""Compare the cost of writing model.onnx and model.mat with that of torch.onnx.export alone.

    python benchmarks/export.py [NAME ...] [--repeats N]

Each figure is from a fresh process with torch, torchvision, onnx and onnxscript imported and the
network built. Times run from there until the last file is written; memory is the peak resident size
minus the size before the network was built, so that the weights themselves count once.
"""

from __future__ import annotations

import argparse
import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

NETWORKS = ("resnet50", "mobilenet_v3_large", "efficientnet_b0", "convnext_tiny", "vgg11_bn")
WAYS = ("torch.onnx.export", "cifarx", "cifarx with answers")


def measure(way: str, name: str) -> dict[str, float]:
    """Seconds, and MiB of memory and of weights, of one way to export in this process."""
    warnings.simplefilter("ignore")
    import onnx  # noqa: F401
    import onnxscript  # noqa: F401
    import torch
    import torchvision

    import cifarx.export.sources  # noqa: F401
    from cifarx.export.from_torch import reader  # noqa: F401

    page = resource.getpagesize()
    before = int(Path("/proc/self/statm").read_text().split()[1]) * page
    torch.manual_seed(0)
    module = getattr(torchvision.models, name)(weights=None).eval()
    weights = sum(t.numel() * t.element_size() for t in module.state_dict().values())
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        if way == "torch.onnx.export":
            torch.onnx.export(module, (torch.zeros(1, 3, 224, 224),), f"{folder}/model.onnx")
        else:
            _write(module, Path(folder), answers=way == WAYS[2])
        seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {"seconds": seconds, "peak": (peak - before) / 2**20, "weights": weights / 2**20}


def _write(module: object, folder: Path, *, answers: bool) -> None:
    """Write both files; without answers, the test batch holds zeros instead."""
    import numpy as np

    from cifarx.export.bundle import Bundle, Formats, write_bundle
    from cifarx.export.from_torch.answers import make_answers
    from cifarx.export.from_torch.calls import Example
    from cifarx.export.from_torch.reader import graph_from_module
    from cifarx.export.network.interface import Input
    from cifarx.export.network.model_card import ModelCard
    from cifarx.export.network.test_batch import TestBatch

    inputs = np.random.RandomState(0).standard_normal((4, 3, 224, 224)).astype(np.float32)
    image = Input("image", (3, 224, 224))
    found = ((np.zeros((4, 1000), np.float32),), (np.zeros((4, 1000)),))
    if answers:
        found = make_answers(module, Example((image,)), [inputs])
    graph = graph_from_module(module, [image])
    card = ModelCard("net", "", tuple(f"class_{i}" for i in range(1000)), (), (), "0" * 64)
    none = np.empty(0, np.int64)
    batch = TestBatch(np.empty((0, 3, 224, 224), np.uint8), (inputs,), none, *found)
    write_bundle(Bundle(graph, card, batch), folder, "model", Formats(onnx=True, mat=True))


def main() -> None:
    """Run every way for every network, alternating, and print ratios of medians."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=NETWORKS)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--measure", nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.measure:
        print(json.dumps(measure(*given.measure)))
        return
    print("| network | weights | torch.onnx.export | cifarx, both files | with answers | memory |")
    print("|---|---|---|---|---|---|")
    for name in given.names:
        found: dict[str, list[dict[str, float]]] = {way: [] for way in WAYS}
        for _ in range(given.repeats):
            for way in WAYS:
                found[way].append(_in_a_process(way, name))
        theirs, ours, whole = (statistics.median(r["seconds"] for r in found[w]) for w in WAYS)
        weights = found[WAYS[0]][0]["weights"]
        memory = {w: statistics.median(r["peak"] for r in found[w]) / weights for w in WAYS}
        print(
            f"| {name} | {weights:.0f} MiB | {theirs:.1f} s | {ours:.1f} s, {ours / theirs:.2f}x | "
            f"{whole / theirs:.2f}x | {memory[WAYS[1]]:.1f}x weights ({memory[WAYS[2]]:.1f}x with "
            f"answers; torch.onnx.export {memory[WAYS[0]]:.1f}x) |",
            flush=True,
        )


def _in_a_process(way: str, name: str) -> dict[str, float]:
    done = subprocess.run(
        [sys.executable, __file__, "--measure", way, name], capture_output=True, text=True
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
