"""Sound exports that look or run otherwise, as data: `verify` must find each EQUIVALENT.

`python tests/support/sound_cases.py [--seeds N] [--trained] [--variants] [--images N] [NAME ...]`
runs networks of the zoo with random weights, with trained ones, and written and computed in other
ways through every engine, and prints how near each kind of layer comes to its bound.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Callable
from contextlib import chdir, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import faults
import onnx
import pytest
import torch
from onnx import helper, numpy_helper
from random_runs import random_run, remember_graphs
from scipy.io import loadmat, savemat
from training import train_run

from cifarx.export.bundle import Formats, bundle_run, write_bundle
from cifarx.export.to_onnx.writer import OPSET
from cifarx.pytorch_models.registry import find, models
from cifarx.pytorch_models.run import Run
from cifarx.verify.engines import onnx_runtime, pytorch
from cifarx.verify.engines.onnx_runtime import OnnxRuntime
from cifarx.verify.findings.result import Result, Verdict
from cifarx.verify.options import VerifyOptions
from cifarx.verify.report.json_report import lines
from cifarx.verify.verify import verify

LIVE = ("pytorch", "pytorch-channels-last", "onnxruntime", "onnxruntime-unoptimized")
"""The engines that need nothing but Python."""
MODEL = Path("model.onnx")


def _side_file(folder: Path) -> None:
    model = onnx.load(folder / MODEL)
    onnx.save(
        model,
        folder / MODEL,
        save_as_external_data=True,
        location="weights.bin",
        size_threshold=0,
        convert_attribute=False,
    )


def _momentum(model: onnx.ModelProto) -> None:
    for node in model.graph.node:
        if node.op_type == "BatchNormalization":
            node.attribute.append(helper.make_attribute("momentum", 0.5))


def _weights_as_inputs(model: onnx.ModelProto) -> None:
    """As exporters wrote them before IR 4."""
    for tensor in model.graph.initializer:
        model.graph.input.append(
            helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims)
        )


def _weights_as_constants(model: onnx.ModelProto) -> None:
    nodes = [
        helper.make_node("Constant", [], [tensor.name], value=tensor)
        for tensor in model.graph.initializer
    ]
    del model.graph.initializer[:]
    for node in reversed(nodes):
        model.graph.node.insert(0, node)


def _plain_numbers(model: onnx.ModelProto) -> None:
    """Weights as lists of numbers, not as bytes."""
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        made = helper.make_tensor(tensor.name, tensor.data_type, array.shape, array.ravel())
        tensor.CopyFrom(made)


def _documented(model: onnx.ModelProto) -> None:
    model.doc_string = model.graph.doc_string = "re-saved"
    model.graph.name = "another"
    model.producer_name = "somebody"
    inferred = onnx.shape_inference.infer_shapes(model)
    model.CopyFrom(inferred)


def _seven_images(model: onnx.ModelProto) -> None:
    """For so many at a time and no other number, as exporters write without dynamic axes."""
    for value in (*model.graph.input, *model.graph.output):
        value.type.tensor_type.shape.dim[0].dim_value = 7
    del model.graph.value_info[:]


def _identities(folder: Path) -> None:
    for after in ("relu1", "pool", "fc1"):
        node = helper.make_node("Identity", ["x"], ["y"], f"{after}_same")
        faults.insert_nodes(folder, after, node)


def _reshaped(folder: Path) -> None:
    """Reshape for Flatten."""
    faults.replace_node(folder, "flatten", "Reshape")

    def change(model: onnx.ModelProto) -> None:
        (node,) = (n for n in model.graph.node if n.name == "flatten")
        node.input.append("sizes")
        model.graph.initializer.append(
            helper.make_tensor("sizes", onnx.TensorProto.INT64, [2], [0, -1])
        )

    faults.edit_onnx(folder, change)


def _uncompressed(folder: Path) -> None:
    path = folder / "model.mat"
    content = {k: v for k, v in loadmat(path).items() if not k.startswith("__")}
    savemat(path, content, do_compression=False, long_field_names=True)


def _edited(edit: Callable[[onnx.ModelProto], object]) -> Callable[[Path], None]:
    return lambda folder: faults.edit_onnx(folder, edit)


FILES: dict[str, Callable[[Path], object]] = {
    "as exported": lambda folder: None,
    "all names changed": faults.rename_everything,
    "weights in a side file": _side_file,
    "another momentum": _edited(_momentum),
    "weights that are inputs, too": _edited(_weights_as_inputs),
    "weights as constants": _edited(_weights_as_constants),
    "weights as lists of numbers": _edited(_plain_numbers),
    "documented, shapes inferred": _edited(_documented),
    "a fixed number of images": _edited(_seven_images),
    "identities in between": _identities,
    "reshaped for flattened": _reshaped,
    "a model.mat that is not compressed": _uncompressed,
}
"""Ways to write the same network; bn-tiny's node names are taken for granted."""


def _at_once(count: int) -> Callable[[pytest.MonkeyPatch], object]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(pytorch, "_AT_ONCE", count)
        monkeypatch.setattr(onnx_runtime, "_AT_ONCE", count)

    return patch


def _session_option(name: str, value: Any) -> Callable[[pytest.MonkeyPatch], object]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        real = OnnxRuntime._opened

        def opened(self: OnnxRuntime, model: str | bytes) -> Any:
            import onnxruntime

            levels = onnxruntime.GraphOptimizationLevel
            chosen = getattr(levels, value) if isinstance(value, str) else value
            setattr(self._options, name, chosen)
            return real(self, model)

        monkeypatch.setattr(OnnxRuntime, "_opened", opened)

    return patch


def _threads(count: int) -> Callable[[pytest.MonkeyPatch], object]:
    def patch(monkeypatch: pytest.MonkeyPatch) -> None:
        _session_option("intra_op_num_threads", count)(monkeypatch)
        real = pytorch.PyTorch._forward

        def forward(self: pytorch.PyTorch, part: torch.Tensor) -> torch.Tensor:
            before = torch.get_num_threads()
            try:
                torch.set_num_threads(count)
                return real(self, part)
            finally:
                torch.set_num_threads(before)

        monkeypatch.setattr(pytorch.PyTorch, "_forward", forward)

    return patch


def _without(library: Any) -> Callable[[pytest.MonkeyPatch], object]:
    """PyTorch without one of its libraries of fast arithmetic."""
    return lambda monkeypatch: monkeypatch.setattr(library, "enabled", False)


_LEVEL = "graph_optimization_level"
ARITHMETIC: dict[str, Callable[[pytest.MonkeyPatch], object]] = {
    "an image at a time": _at_once(1),
    "seven images at a time": _at_once(7),
    "all images at once": _at_once(1000),
    "one thread": _threads(1),
    "four threads": _threads(4),
    "optimised basically": _session_option(_LEVEL, "ORT_ENABLE_BASIC"),
    "optimised more": _session_option(_LEVEL, "ORT_ENABLE_EXTENDED"),
    "optimised fully": _session_option(_LEVEL, "ORT_ENABLE_ALL"),
    "without oneDNN": _without(torch.backends.mkldnn),  # which leaves NNPACK, by Winograd
}
"""Ways to compute the same network."""


ANY_NETWORK = sorted(
    FILES.keys()
    - {
        "as exported",
        "identities in between",
        "reshaped for flattened",
        "a model.mat that is not compressed",
    }
)
"""Those of `FILES` that take no names of nodes for granted, and no model.mat."""


def newest_opset() -> int:
    """The newest that both the installed onnx and the installed onnxruntime know."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    value = [helper.make_tensor_value_info(n, onnx.TensorProto.FLOAT, [1]) for n in ("x", "y")]
    graph = helper.make_graph([helper.make_node("Relu", ["x"], ["y"])], "g", value[:1], value[1:])
    for opset in range(onnx.defs.onnx_opset_version(), OPSET, -1):
        opsets = [helper.make_opsetid("", opset)]
        version = helper.find_min_ir_version_for(opsets)
        model = helper.make_model(graph, opset_imports=opsets, ir_version=version)
        with suppress(Exception):  # its exception classes are private to its extension
            onnxruntime.InferenceSession(model.SerializeToString(), options)
            return opset
    return OPSET


def random_case(
    network: str, seed: int, folder: Path, engines: tuple[str, ...] = LIVE, images: int = 10
) -> Result:
    """A network of the zoo with random weights, exported to `folder` and verified."""
    return _verified(random_run(network, folder / "runs" / "random", seed), engines, images)


def trained_case(
    network: str, folder: Path, engines: tuple[str, ...] = LIVE, images: int = 10
) -> Result:
    """The same, trained for two epochs of 200 shapes."""
    data = "shapes" if find(network).input_size[0] == 3 else "shapes-grey"
    out = folder / "runs" / "trained"
    run = train_run(network, data, limit=200, out=out, weights="none", epochs=2)
    return _verified(run, engines, images)


def variants() -> list[str]:
    """Names for `variant_case`: opsets, files and arithmetics."""
    opsets = [f"opset {opset}" for opset in range(OPSET + 1, newest_opset() + 1)]
    return [*opsets, *ANY_NETWORK, *ARITHMETIC]


def variant_case(network: str, variant: str, folder: Path, images: int = 10) -> Result:
    """The same network with random weights, written or computed in another way."""
    run = random_run(network, folder / "runs" / "random")
    opset = int(variant.split()[1]) if variant.startswith("opset") else OPSET
    write_bundle(bundle_run(run), folder, "model", Formats(onnx=True), opset)
    FILES.get(variant, FILES["as exported"])(folder)
    with pytest.MonkeyPatch.context() as patch, chdir(folder):
        ARITHMETIC.get(variant, lambda patch: None)(patch)
        return verify(VerifyOptions(MODEL, LIVE, images=images, layer_images=min(images, 8)))


def _verified(run: Run, engines: tuple[str, ...], images: int) -> Result:
    """Of a run in a folder of runs."""
    folder = run.folder.parents[1]
    with_mat = "octave" in engines
    write_bundle(bundle_run(run), folder, "model", Formats(onnx=True, mat=with_mat))
    with chdir(folder):
        return verify(VerifyOptions(MODEL, engines, images=images, layer_images=min(images, 8)))


@dataclass
class Worst:
    """The largest of some ratios, and whose it is."""

    ratio: float = 0.0
    of: str = ""

    def see(self, ratio: float, of: str) -> None:
        if ratio > self.ratio:
            self.ratio, self.of = ratio, of


def main() -> None:
    """Run networks, a line each, and what came nearest to its bound."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("networks", nargs="*", help="all, if none is named")
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--images", type=int, default=10)
    parser.add_argument("--trained", action="store_true", help="trained weights, too")
    parser.add_argument("--variants", action="store_true", help="other files, arithmetics, opsets")
    parser.add_argument("--octave", action="store_true", help="with the first seed")
    options = parser.parse_args()
    kinds: dict[tuple[str, str], Worst] = {}
    logits: dict[str, Worst] = {}
    cases = alarms = 0
    with pytest.MonkeyPatch.context() as patch:
        remember_graphs(patch)
        for network in options.networks or models():
            seeds = range(options.first_seed, options.first_seed + options.seeds)
            names = [*map(str, seeds), *["trained"] * options.trained]
            for name in [*names, *(variants() if options.variants else ())]:
                start = time.monotonic()
                octave = options.octave and name in ("0", "trained")
                engines = (*LIVE, "octave") if octave else LIVE
                with tempfile.TemporaryDirectory() as temporary:
                    folder = Path(temporary)
                    if name == "trained":
                        result = trained_case(network, folder, engines, options.images)
                    elif name in names:
                        result = random_case(network, int(name), folder, engines, options.images)
                    else:
                        result = variant_case(network, name, folder, options.images)
                case = f"{network} {name}"
                cases += 1
                alarms += result.verdict is not Verdict.EQUIVALENT
                for report in result.engines:
                    if report.judgement is not None:
                        near = logits.setdefault(report.engine, Worst())
                        near.see(report.judgement.ratio, f"{case} {report.engine}")
                    for layer in report.layers:
                        worst = kinds.setdefault((layer.kind, layer.algorithm), Worst())
                        worst.see(layer.ratio, f"{case} {report.engine} {layer.layer}")
                seconds = time.monotonic() - start
                print(f"{case}: {result.verdict}, {seconds:.0f} s", flush=True)
                if result.verdict is not Verdict.EQUIVALENT:
                    print(*(t for t in lines(result) if not t.startswith("PASSED")), sep="\n")
    print(f"{cases} cases, {alarms} alarms")
    for engine, worst in sorted(logits.items()):
        print(f"RMS {worst.ratio:5.2f} {engine}: {worst.of}")
    for (kind, algorithm), worst in sorted(kinds.items()):
        print(f"layer {worst.ratio:5.3f} {kind} {algorithm}: {worst.of}")


if __name__ == "__main__":
    main()
