"""Compare the cost of `cifarx verify` with that of the engines alone on the same images.

    python benchmarks/verify.py --data FOLDER [--network bn8] [--layer-images 1000]

The run is one of the network with hardly any training, tested on all test images of the data. The
engines alone are PyTorch's module and an ONNX Runtime session over all test images in mini-batches
of 64, with inputs in memory. Then follow `cifarx verify --engines pytorch,onnxruntime --accuracy
all` in its own process, including reading the images and all rungs, and the layer report alone, one
engine after the other.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

BATCH = 64


def make_run(network: str, data: str, folder: Path) -> None:
    """Make and export a run that is tested on all test images."""
    cifarx = [sys.executable, "-m", "cifarx.cli"]
    train = ["train", network, "--data", data, "--limit", "100", "--epochs", "1", "--out", "run"]
    subprocess.run([*cifarx, *train], cwd=folder, check=True, capture_output=True)
    from cifarx.pytorch_models.data.open import reopen_data
    from cifarx.pytorch_models.data.split import split_data
    from cifarx.pytorch_models.run import load_run

    record = load_run(folder / "run").record
    opened = reopen_data(record.data.origin, record.data.root)
    whole = len(split_data(opened, record.recipe, None).test)
    data = record.data.model_copy(update={"limit": None, "test_images": whole})
    record = record.model_copy(update={"data": data})
    (folder / "run" / "run.json").write_text(record.model_dump_json())
    export = ["export", "run", "--onnx", "--mat"]
    subprocess.run([*cifarx, *export], cwd=folder, check=True, capture_output=True)


def bare_seconds(folder: Path) -> dict[str, float]:
    """Seconds of each engine over all test images, inputs in memory."""
    import onnxruntime
    import torch

    from cifarx.pytorch_models.preprocess import preprocess
    from cifarx.pytorch_models.run import build_module, load_run
    from cifarx.pytorch_models.run_images import read_images, run_test_part

    run = load_run(folder / "run")
    inputs = preprocess(read_images(run, run_test_part(run)).pixels, *run.mean_std())
    module = build_module(run)
    session = onnxruntime.InferenceSession(folder / "model.onnx")
    parts = np.array_split(inputs, -(-len(inputs) // BATCH))
    seconds = {}
    start = time.perf_counter()
    with torch.inference_mode():
        for part in parts:
            module(torch.from_numpy(part))
    seconds["pytorch"] = time.perf_counter() - start
    start = time.perf_counter()
    for part in parts:
        session.run(None, {"image": part})
    seconds["onnxruntime"] = time.perf_counter() - start
    return seconds


def layer_seconds(folder: Path, count: int) -> dict[str, float]:
    """Seconds of the layer report of each engine on this number of images."""
    from cifarx.verify.engines.choose import ENGINES
    from cifarx.verify.engines.pytorch import PyTorch
    from cifarx.verify.findings.engine import EngineReport
    from cifarx.verify.ladder.layers.judge_engine import make_reference, with_layers
    from cifarx.verify.ladder.logits import make_truth
    from cifarx.verify.subject.files_and_run import open_subject
    from cifarx.verify.subject.images import compared_images
    from cifarx.verify.subject.original import original_of

    subject = open_subject(folder / "model.onnx", folder / "run")
    inputs = compared_images(subject, count).inputs
    original = original_of(subject, PyTorch(subject).graph())
    reference = make_reference(subject, original)
    nothing = np.zeros((len(inputs[0]), len(reference.names)))
    plain = [nothing.astype(np.float32)]
    truth = make_truth([nothing], plain, "")
    seconds = {}
    for name in ("pytorch", "onnxruntime"):
        engine, empty = ENGINES[name](subject), EngineReport(name, name, None, "")
        start = time.perf_counter()
        with_layers(empty, engine, reference, inputs, truth=truth, plain=plain)
        seconds[name] = time.perf_counter() - start
    return seconds


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", required=True)
    parser.add_argument("--network", default="bn8")
    parser.add_argument("--layer-images", type=int, default=1000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_run(given.network, os.path.abspath(given.data), folder)
        bare = bare_seconds(folder)
        command = [sys.executable, "-m", "cifarx.cli", "verify", "model.onnx", "--accuracy", "all"]
        command += ["--engines", "pytorch,onnxruntime", "--checkpoint", "run"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        start = time.perf_counter()
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
        whole = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
        print(done.stdout.splitlines()[-1] if done.stdout else done.stderr)
        both = sum(bare.values())
        listed = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in bare.items())
        print(f"bare engines: {listed}, {both:.1f} s together")
        print(f"cifarx verify: {whole:.1f} s; 1.25 x {both:.1f} + 15 = {1.25 * both + 15:.1f} s")
        more = "" if peak > before else " or less"
        print(f"peak memory of its process: {peak / 2**20:.2f} GiB{more}", flush=True)
        for name, seconds in layer_seconds(folder, given.layer_images).items():
            print(f"layer report of {name} on {given.layer_images} images: {seconds:.1f} s")


if __name__ == "__main__":
    main()
