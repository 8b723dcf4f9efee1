"""Results made by hand, for what renders them."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from cifarx.verify.findings.accuracy import AccuracyReport
from cifarx.verify.findings.audit import Audit
from cifarx.verify.findings.check import judged
from cifarx.verify.findings.contract import Contract
from cifarx.verify.findings.divergence import Names
from cifarx.verify.findings.engine import EngineReport, LayerFinding
from cifarx.verify.findings.environment import Environment
from cifarx.verify.findings.export_error import ExportError
from cifarx.verify.findings.logits import Change, Judgement
from cifarx.verify.findings.picture import Picture
from cifarx.verify.findings.result import Compared, Result
from cifarx.verify.ladder.accuracy.predictions import Predictions, accuracy_report

CLASSES = ("cat", "dog", "ship")
HOSTILE = (
    "</style></title><script>document.title='owned'</script>\"><img src=x onerror=alert(1)>"
    "{{ 7 * 7 }}{% raw %}&amp;\x00\x1b[31m\ud800\ufffe\u202eedoc\n" + "W" * 300
)


def names(*layers: str) -> tuple[Names, ...]:
    return tuple(Names(la, "ReLULayer", f"net.{la}", f"/{la}", la) for la in layers)


def findings(layers: Sequence[Names], *ratios: float) -> tuple[LayerFinding, ...]:
    return tuple(
        LayerFinding(n.layer, n.kind, n.module, n.onnx_node, n.matlab_layer, ratio, "direct")
        for n, ratio in zip(layers, ratios, strict=True)
    )


def judgement(*changed: Change) -> Judgement:
    good = not changed
    return Judgement(
        images=60,
        classes=3,
        finite=True,
        ratio=1.25 if good else 4321.0,
        largest=1.5e-6 if good else 0.5,
        largest_allowed=2e-5,
        cosine=1.0,
        ulps=3.0,
        worst_image=7,
        worst_class=1,
        top1=60 - len(changed),
        top5=60,
        changed=changed,
    )


def accuracy(*flipped: int, engines: Sequence[str] = ("pytorch", "onnxruntime")) -> AccuracyReport:
    """60 images, of which the engines beside the first take `flipped` for the next class."""
    labels = np.arange(60) % 3
    predicted = np.stack([labels] * len(engines))
    predicted[1:, list(flipped)] = (predicted[1:, list(flipped)] + 1) % 3
    margins = np.broadcast_to(np.linspace(1, 2, 60), predicted.shape)
    apart = np.zeros(predicted.shape)
    found = Predictions(tuple(engines), np.arange(60), labels, predicted, margins, apart)
    return accuracy_report(found, 300, "test images of shapes", 3, dict.fromkeys(engines, 1e-4))


def picture(place: int, label: int) -> Picture:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (200, 30 * label, 0)).save(file, "PNG")
    return Picture(place, label, base64.b64encode(file.getvalue()).decode())


def sound() -> Result:
    """Three layers, three engines, all well; MATLAB is not there."""
    layers = names("conv1", "relu1", "fc")
    audit = Audit("model.onnx", "the run", "the checkpoint", 3, 3, (), 4, 4, (), (), (), ())
    return Result(
        images=Compared(60, "test images of shapes"),
        truth="pytorch 2.9",
        audits=(audit, replace(audit, file="model.mat")),
        contract=Contract((), False, "ab" * 32, ("python", "octave 7.3.0")),
        reference=judged(True, "reference", "PyTorch's float32 is 2.8 roundings off its float64"),
        export=tuple(
            ExportError(name, 16, 0.0, "pytorch 2.9") for name in ("model.onnx", "model.mat")
        ),
        engines=(
            EngineReport(
                *("pytorch", "pytorch 2.9", judgement(), ""),
                layers=findings(layers, 0.3, 0.0, 0.2),
                layers_in_all=3,
                layer_images=16,
                marked=judgement(),
            ),
            EngineReport(
                *("onnxruntime", "onnxruntime 1.23", judgement(), ""),
                layers=findings(layers, 0.02, 0.0, 0.25),
                layers_in_all=3,
                layer_images=16,
                marked=judgement(),
            ),
            EngineReport("matlab", "matlab", None, "there is no matlab on the PATH"),
        ),
        margin=0.5,
        accuracy=accuracy(),
        classes=CLASSES,
        layers=layers,
        pictures=(),
        environment=Environment(
            {"model.onnx": "cd" * 32, "model.mat": "ef" * 32},
            True,
            "tiny",
            "01" * 32,
            "23" * 32,
            {"--images": "60", "--layer-images": "16"},
            {"python": "3.11.7", "cifarx": "0.1.0"},
            "Linux x86_64, 2 cores",
            "2025-01-02T03:04:05+00:00",
        ),
    )


def different() -> Result:
    """ONNX Runtime's first layer is wrong, and two predictions with it."""
    result = sound()
    pytorch, onnxruntime, matlab = result.engines
    changes = (Change(4, 2, 1, 0.75, 4, 1), Change(9, 1, 0, 0.125, 9, 0))
    return replace(
        result,
        audits=(
            replace(
                result.audits[0],
                tensors_equal=3,
                differing=("conv1_weight (9 of 27 values, by up to 0.5)",),
                faulty=("conv1",),
            ),
            result.audits[1],
        ),
        engines=(
            pytorch,
            replace(
                onnxruntime,
                judgement=judgement(*changes),
                layers=findings(result.layers, 5e4, 0.0, float("inf")),
                marked=judgement(*changes),
            ),
            matlab,
        ),
        accuracy=accuracy(4, 9, 30),
        pictures=(picture(4, 1),),
    )


def deep(layers: int, engines: int) -> Result:
    """A network of many layers on many engines."""
    result = sound()
    called = names(*(f"block{i // 10}_layer{i % 10}" for i in range(layers)))
    ratios = np.random.default_rng(5).uniform(0.01, 0.9, (engines, layers))
    reports = [
        EngineReport(
            *(f"engine{k}", f"engine{k} 1.0", judgement(), ""),
            layers=findings(called, *ratios[k].tolist()),
            layers_in_all=layers,
            layer_images=16,
            marked=judgement(),
        )
        for k in range(engines)
    ]
    scores = accuracy(engines=[f"engine{k}" for k in range(engines)])
    return replace(result, layers=called, engines=tuple(reports), accuracy=scores)


def with_names(result: Result, name: str) -> Result:
    """Everything that a file, a run or an engine can name is called so."""
    layers = tuple(Names(name, name, name, name, name) for _ in result.layers[:1])
    accuracy = result.accuracy
    assert accuracy is not None
    return replace(
        result,
        images=replace(result.images, origin=name),
        truth=name,
        audits=tuple(
            replace(
                audit,
                **dict.fromkeys(("file", "layers_from", "weights_from"), name),
                **dict.fromkeys(
                    ("layer_faults", "differing", "unaccounted", "missing", "faulty"), (name,)
                ),
            )
            for audit in result.audits
        ),
        contract=Contract((name,), True, name, (name,)),
        reference=judged(False, name, name),
        export=tuple(replace(e, file=name, against=name) for e in result.export),
        engines=tuple(
            replace(
                e,
                engine=f"{name}{i}",
                runtime=name,
                problem=name and e.problem and name,
                layers=findings(layers, 2.0) if e.layers else (),
            )
            for i, e in enumerate(result.engines)
        ),
        accuracy=replace(
            accuracy,
            origin=name,
            runtimes=tuple(
                replace(r, engine=f"{name}{i}") for i, r in enumerate(accuracy.runtimes)
            ),
        ),
        classes=tuple(f"{name}{k}" for k in range(len(result.classes))),
        layers=layers,
        pictures=tuple(replace(p, png=name) for p in result.pictures),
        environment=Environment(
            {name: name},
            False,
            name,
            name,
            name,
            {name: name},
            {name: name, "cifarx": name},
            name,
            name,
        ),
        interrupted=name,
    )
