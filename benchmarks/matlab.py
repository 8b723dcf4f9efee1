"""Compare the MATLAB toolbox in GNU Octave with PyTorch and with a direct loop over convn.

    python benchmarks/matlab.py [--network bn8] [--batch 100] [--rounds 5]

PyTorch and Octave (with OpenBLAS) alternate, each in its own process with the same number of
threads and the same random images, single precision. The direct loop calls convn for every filter
and channel; it is timed for one convolution of the network. Memory is Octave's peak during predict
(Linux's VmHWM, reset before) minus its size before, as a multiple of the largest activation of a
mini-batch.
"""

from __future__ import annotations

import argparse
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from scipy.io import savemat

from cifarx.verify.engines.toolbox_job import quoted
from cifarx.verify.engines.toolbox_path import toolbox_path

PREDICT = """
net = cifarx.load('model.mat');
load('batch.mat');
cifarx.predict(net, X(:, :, :, 1:min(16, end)));
for i = 1:2, tic; cifarx.predict(net, X); t(i) = toc; end
printf('%.6f ', t);
"""

OBVIOUS = """
net = cifarx.load('model.mat');
load('batch.mat');
kinds = {net.layers.Kind};
chosen = find(strcmp(kinds, 'Convolution2DLayer'));
part = net;
layer = net.layers(chosen(CHOICE));
shapes = [{net.input.InputSize}, cifarx.internal.check.checkLayers(net)];
given = shapes{strcmp([{net.input.Name}, {net.layers.Name}], layer.Inputs{1})};
X = randn([given, size(X, 4)], 'single');
tic; Y = cifarx.internal.applyLayer(layer, {X}); ours = toc;
for i = 1:2
    tic; Y = cifarx.internal.applyLayer(layer, {X}); ours = min(ours, toc);
end
tic;
p = layer.Padding;
padded = zeros(given(1) + p(1) + p(2), given(2) + p(3) + p(4), given(3), size(X, 4), 'single');
padded(p(1) + (1:given(1)), p(3) + (1:given(2)), :, :) = X;
Z = zeros(size(Y), 'single');
for f = 1:size(layer.Weights, 4)
    total = zeros(size(Z, 1), size(Z, 2), 1, size(X, 4), 'single');
    for c = 1:given(3)
        kernel = rot90(layer.Weights(:, :, c, f), 2);
        total = total + convn(padded(:, :, c, :), kernel, 'valid');
    end
    Z(:, :, f, :) = total + layer.Bias(f);
end
theirs = toc;
assert(max(abs(Y(:) - Z(:))) < 1e-4 * max(abs(Z(:))));
printf('%.6f %.6f', ours, theirs);
"""

MEMORY = """
function bytes = held(name)
    found = regexp(fileread('/proc/self/status'), [name ':\\s*(\\d+) kB'], 'tokens', 'once');
    bytes = 1024 * str2double(found{1});
end
net = cifarx.load('model.mat');
load('batch.mat');
step = min(size(X, 4), 16);
shapes = [{net.input.InputSize}, cifarx.internal.check.checkLayers(net)];
largest = 4 * step * max(cellfun(@prod, shapes));
fid = fopen('/proc/self/clear_refs', 'w'); fwrite(fid, '5'); fclose(fid);
before = held('VmRSS');
cifarx.predict(net, X);
printf('%.6f %.6f', (held('VmHWM') - before) / largest, largest / 2^20);
"""


def torch_seconds(name: str, batch: int, threads: int) -> list[float]:
    """Seconds per forward pass in this process, after one that is not counted."""
    import time

    import torch

    from cifarx.pytorch_models import registry

    torch.set_num_threads(threads)
    spec = registry.models()[name]
    module = spec.builder(10).eval()
    x = torch.randn(batch, *spec.input_size)
    seconds = []
    with torch.inference_mode():
        module(x)
        for _ in range(2):
            start = time.perf_counter()
            module(x)
            seconds.append(time.perf_counter() - start)
    return seconds


def write_model(name: str, folder: Path, batch: int) -> None:
    """Write model.mat with random weights, and batch.mat with X."""
    import torch

    from cifarx.export.bundle import Bundle, Formats, write_bundle
    from cifarx.export.from_torch.answers import make_batch
    from cifarx.export.from_torch.reader import graph_from_module
    from cifarx.export.network.model_card import ModelCard
    from cifarx.pytorch_models import registry
    from cifarx.pytorch_models.data.images import Images

    torch.manual_seed(0)
    spec = registry.models()[name]
    module = spec.builder(10).eval()
    numbers = (127.5,) * spec.input_size[0]
    pixels = np.random.RandomState(0).randint(0, 256, (2, *spec.input_size), dtype=np.uint8)
    half = np.asarray(numbers, np.float32)
    card = ModelCard(name, "", tuple("abcdefghij"), numbers, numbers, "0" * 64)
    tests = make_batch(module, Images(pixels, np.arange(2)), half, half)
    bundle = Bundle(graph_from_module(module, spec.input_size), card, tests)
    write_bundle(bundle, folder, "model", Formats(mat=True))
    channels, height, width = spec.input_size
    random = np.random.RandomState(0).standard_normal((height, width, channels, batch))
    savemat(folder / "batch.mat", {"X": random.astype(np.float32)})


def octave(code: str, folder: Path, threads: int) -> list[float]:
    """Return the numbers that Octave code prints."""
    import os

    start = f"warning('off', 'all'); addpath({quoted(toolbox_path())}); "
    program = shutil.which("octave-cli")
    if program is None:
        raise SystemExit("GNU Octave is not installed (no octave-cli on the PATH).")
    done = subprocess.run(
        [program, "--no-gui", "--norc", "--quiet", "--eval", start + code],
        capture_output=True,
        text=True,
        cwd=folder,
        env=os.environ | {"OPENBLAS_NUM_THREADS": str(threads)},
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    return list(map(float, done.stdout.split()))


def main() -> None:
    """Alternate, and print medians and their ratio."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--network", default="bn8")
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--convolution", type=int, default=5, help="which, for the obvious code")
    parser.add_argument("--torch", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.torch:
        print(json.dumps(torch_seconds(given.network, given.batch, given.threads)))
        return
    same = ["--network", given.network, "--batch", str(given.batch)]
    same += ["--threads", str(given.threads), "--torch"]
    theirs: list[float] = []
    ours: list[float] = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_model(given.network, folder, given.batch)
        for _ in range(given.rounds):
            done = subprocess.run(
                [sys.executable, __file__, *same], capture_output=True, text=True, check=True
            )
            theirs += json.loads(done.stdout)
            ours += octave(PREDICT, folder, given.threads)
        obvious = OBVIOUS.replace("CHOICE", str(given.convolution))
        quick, slow = octave(obvious, folder, given.threads)
        times, largest = octave(MEMORY, folder, given.threads)
    print(f"| {given.network}, {given.batch} images | PyTorch | cifarx.predict in Octave | ratio |")
    print("|---|---|---|---|")
    for word, of in (("median", statistics.median), ("fastest", min)):
        a, b = of(theirs), of(ours)
        print(f"| {word} of {len(ours)} | {a:.2f} s | {b:.2f} s | {b / a:.2f} |")
    print(
        f"\nconvolution {given.convolution}: {quick:.2f} s, convn in a loop over filters and "
        f"channels {slow:.2f} s, {slow / quick:.0f} times as long\n"
        f"memory: {times:.1f} times the largest activation of a mini-batch, {largest:.1f} MiB"
    )


if __name__ == "__main__":
    main()
