"""How far each runtime is off in each activation function, over the float32 inputs by exponent.

    python benchmarks/activations.py --out FOLDER [--stride 256] [--exponents -12 6]
        [--kinds sigmoid swish] [--runtime "ORT, opset 14"]

It goes through every STRIDE-th float32 bit pattern of both signs with 2^LOW <= |x| < 2^(HIGH + 1),
by default of all finite ones. Each runtime of `activation_kinds.py` computes each function of them;
the truth is float64. For every runtime, function, sign and exponent a JSON file in FOLDER has the
largest errors, in units of u = 2^-24:

    relative   |y - t| / (u |t|)
    absolute   |y - t| / (u span); the span is 1, |x| for x f(x), and alpha for ELU
    beyond[a]  the least b with |y - t| <= a u |t| + b u span
    ratio      of |y - t| to the bound of cifarx's local layer check

all but the last of |y - t| less the smallest normal float32 (times the span where that is more than
1), as bounds allow. `activation_tables.py FOLDER` writes tables of them.

ATEN_CPU_CAPABILITY=default or avx2 and ONEDNN_MAX_CPU_ISA=SSE41 or AVX2 choose PyTorch's
instruction set. ONNX Runtime has no such switch, but `qemu-x86_64 -cpu Nehalem` or `Haswell` shows
it another processor. A third of the time goes into the kernel's zeroing of memory unless
MALLOC_MMAP_THRESHOLD_, MALLOC_TRIM_THRESHOLD_ and MALLOC_TOP_PAD_ are large.
"""

from __future__ import annotations

import argparse
import json
import platform
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import torch
from activation_kinds import KINDS, SHAPE, Kind, runtimes_of
from torch import Tensor

from cifarx.verify.ladder.layers.bounds import prepare_truth

UNIT = 2.0**-24
TINY = 2.0**-126
AT_ONCE = int(np.prod(SHAPE))
SLOPES = (0, 1, 2, 3, 4, 8, 16)
"""The a of a bound a u |t| + b u span for which b is looked for."""


def patterns(low: int, high: int, stride: int) -> Iterator[tuple[list[tuple[int, int]], Tensor]]:
    """Maps of `SHAPE` with the numbers of one or several (sign, exponent), which come first.

    Exponents are those of the smallest normal number and up; -127 stands for zero and the
    subnormal numbers.
    """
    apart = 2**23 // stride
    blocks = [(sign, e) for e in range(low, high + 1) for sign in (0, 1)]
    together = max(1, AT_ONCE // apart)
    for start in range(0, len(blocks), together):
        some = blocks[start : start + together]
        filled = some + [some[-1]] * (together - len(some))
        heads = np.array([(sign << 31) + ((e + 127) << 23) for sign, e in filled], np.int64)
        for first in range(0, apart, min(apart, AT_ONCE)):
            steps = np.arange(first, first + min(apart, AT_ONCE), dtype=np.int64) * stride
            bits = (heads[:, None] + steps).astype(np.uint32)
            yield some, torch.from_numpy(bits.view(np.float32).reshape(SHAPE))


@dataclass(frozen=True)
class Expected:
    """What one function should give for some numbers, (rows, numbers)."""

    x: Tensor
    truth: Tensor
    """Float64, as `floor` and `unit`."""
    floor: Tensor
    """What is always allowed."""
    unit: Tensor
    """u span."""
    share: Tensor
    """|truth| / span, float32."""
    bound: Tensor | None
    infinite: Tensor | None
    """Where float32 has no such number."""
    undefined: Tensor | None
    """Where the function is not real, as log is below 0; `truth` is 0 there."""


def expected(kind: Kind, x: Tensor, rows: int) -> Expected:
    """The truth for maps `x`, in so many rows."""
    truth = kind.truth(x.double()).reshape(rows, -1)
    undefined = truth.isnan()
    truth[undefined] = 0.0
    span = kind.span(x.double()).reshape(rows, -1).clamp(min=1e-300)
    bound = None
    if len(kind.layers) == 1:
        bound = prepare_truth(kind.layers[0])([x])[1].expand(SHAPE).reshape(rows, -1)
        bound = bound.nan_to_num(1.0).clamp(min=1e-300)  # 0 / 0 is 0
    share = (truth.abs() / span).float().clamp(min=1e-30)
    infinite = truth.abs() > torch.finfo(torch.float32).max  # exp
    return Expected(
        x.reshape(rows, -1),
        truth,
        TINY * span.clamp(min=1),
        UNIT * span,
        share,
        bound,
        infinite if infinite.any() else None,
        undefined if undefined.any() else None,
    )


def errors(should: Expected, y: Tensor) -> dict[str, Any]:
    """Largest errors of each row, and where they are."""
    error = (y.double().view_as(should.truth) - should.truth).abs_()
    if should.infinite is not None:
        error[should.infinite] = 0.0
    if should.undefined is not None:
        right = y.view_as(should.truth).isnan() & should.undefined
        error[right] = 0.0
    found: dict[str, Any] = {}
    if should.bound is not None:
        found["ratio"] = (error / should.bound).amax(1).tolist()
    in_units = ((error - should.floor).clamp_(min=0) / should.unit).float()
    for name, values in {"relative": in_units / should.share, "absolute": in_units}.items():
        found[name] = values.amax(1).tolist()
        places = torch.from_numpy(values.numpy().argmax(1))  # faster than PyTorch's
        found[f"{name}_at"] = should.x.gather(1, places[:, None])[:, 0].tolist()
    found["beyond"] = [
        torch.add(in_units, should.share, alpha=-a).amax(1).clamp(min=0).tolist() for a in SLOPES
    ]
    return found


def measure(
    names: list[str], pick: str, low: int, high: int, stride: int
) -> dict[tuple[str, str, int, int], dict[str, Any]]:
    """Errors by runtime, kind, sign and exponent."""
    found: dict[tuple[str, str, int, int], dict[str, Any]] = {}
    rows = max(1, AT_ONCE // (2**23 // stride))
    with tempfile.TemporaryDirectory(dir="/dev/shm") as folder:
        for name in names:
            kind = KINDS[name]
            runtimes = runtimes_of(kind, pick, Path(folder))
            for blocks, x in patterns(low, high, stride):
                should = expected(kind, x, rows)
                for runtime, function in runtimes.items():
                    new = errors(should, function(x))
                    for row, (sign, exponent) in enumerate(blocks):
                        key = (runtime, name, sign, exponent)
                        found[key] = _worse(found.get(key), new, row)
    return found


def _worse(old: dict[str, Any] | None, new: dict[str, Any], row: int) -> dict[str, Any]:
    """The larger of each error, of one row of the new ones and what was found before."""
    this = {key: value[row] for key, value in new.items() if key != "beyond"}
    this["beyond"] = [values[row] for values in new["beyond"]]
    if old is None:
        return this
    for name in ("relative", "absolute"):
        if not old[name] >= this[name]:
            old[name], old[f"{name}_at"] = this[name], this[f"{name}_at"]
    old["beyond"] = [max(pair) for pair in zip(old["beyond"], this["beyond"], strict=True)]
    if "ratio" in this:
        old["ratio"] = max(old["ratio"], this["ratio"])
    return old


def conditions() -> dict[str, str]:
    """Versions and the processor."""
    octave = ""
    if shutil.which("octave-cli"):
        command = ["octave-cli", "--norc", "--eval", "disp(version)"]
        octave = subprocess.run(command, capture_output=True, text=True).stdout.strip()
    models = [
        line.split(":")[1].strip()
        for line in Path("/proc/cpuinfo").read_text().splitlines()
        if line.startswith("model name")
    ]
    return {
        "processor": models[0] if models else platform.machine(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "torch": torch.__version__,
        "onnxruntime": onnxruntime.__version__,
        "octave": octave,
    }


def main() -> None:
    """Measure into a JSON file, part by part."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--stride", type=int, default=256)
    parser.add_argument("--exponents", type=int, nargs=2, default=(-127, 127))
    parser.add_argument("--kinds", nargs="+", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--runtime", default="", help="torch, ORT, Octave or a longer name")
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    step = 1 if given.stride == 1 else given.exponents[1] - given.exponents[0] + 1
    for low in range(given.exponents[0], given.exponents[1] + 1, step):
        high = min(low + step - 1, given.exponents[1])
        start = time.perf_counter()
        found = measure(given.kinds, given.runtime, low, high, given.stride)
        rows = [
            {"runtime": r, "kind": k, "sign": s, "exponent": e, "stride": given.stride, **errors}
            for (r, k, s, e), errors in found.items()
        ]
        name = f"{low}_{high}_{given.stride}_{time.time_ns() // 1_000_000}.json"
        (given.out / name).write_text(json.dumps({"conditions": conditions(), "rows": rows}))
        print(f"{name}: {time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
