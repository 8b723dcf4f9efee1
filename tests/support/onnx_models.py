"""The onnx package's own test models, taken from ONNX to model.mat and to another ONNX file.

    python tests/support/onnx_models.py

runs them all with the installed onnx package and writes what became of them: docs/onnx-models.md
for people, and beside this file onnx_models.txt, the networks that tests/export/test_onnx_models.py
runs one by one. (Loading the package's tests takes a quarter of a minute, too long to wait for
whenever pytest collects tests; so their names stand in a file.)

A case of the package is one network for each of its outputs, for cifarx takes networks with one.
"""

from __future__ import annotations

import subprocess
import tempfile
import textwrap
import warnings
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from shutil import which

import numpy as np
import onnx
import onnxruntime
from onnx import numpy_helper, version_converter
from onnx.backend.test.case.test_case import TestCase
from onnx.backend.test.loader import load_model_tests
from scipy.io import loadmat

from cifarx.export.from_onnx.faults import NO_KIND
from cifarx.export.from_onnx.operators import operators
from cifarx.export.from_onnx.reader import read_onnx
from cifarx.export.mat.writer import mat_bytes
from cifarx.export.network import layout
from cifarx.export.network.compute import with_ending
from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.model_card import REGRESSION, ModelCard
from cifarx.export.network.test_batch import TestBatch
from cifarx.export.to_onnx.writer import onnx_from_graph
from cifarx.pytorch_models.errors import UnreadableError, UserError
from cifarx.verify.engines.toolbox_path import toolbox_path

KINDS = ("simple", "pytorch-converted", "pytorch-operator", "node")
HERE = Path(__file__).resolve()
PAGE = HERE.parents[2] / "docs" / "onnx-models.md"
RECORD = HERE.with_suffix(".txt")
_OLDEST_OPSET = 7  # to which cases of older opsets are converted
_RANKS = (2, 3, 4)  # features N x F, signals N x C x L and maps N x C x H x W
_CARD = ModelCard("onnx", "none", (), (), (), "0" * 64, task=REGRESSION)


@dataclass(frozen=True)
class LeftOut:
    """Why a network is left out."""

    rule: str
    """One of the keys of RULES."""
    reason: str


RULES = {
    "tensors": "An input or output is not a float32 tensor N x F, N x C x L or N x C x H x W.",
    "operators": "Operators without a reader, because no layer kind of cifarx computes them.",
    "form": "Forms of known operators that the readers refuse, with every case.",
}


@dataclass(frozen=True)
class Network:
    """A case of the onnx package, with one of its outputs."""

    kind: str
    case: str
    name: str
    operators: frozenset[str]
    rtol: float
    atol: float
    inputs: np.ndarray
    """(N, C, H, W), (N, C, L) or (N, F)."""
    expected: np.ndarray
    graph: LayerGraph | None
    mat: bytes
    left_out: LeftOut | None

    def check(self, found: np.ndarray) -> None:
        """Assert what the package's own runner asserts, in its tolerances."""
        assert found.dtype == self.expected.dtype
        assert found.shape == self.expected.shape
        if self.graph is not None:  # a final log-softmax, which the layers leave out
            found = with_ending(found, self.graph.ending)
        np.testing.assert_allclose(found, self.expected, rtol=self.rtol, atol=self.atol)


def load_networks() -> dict[str, Network]:
    """Every case of the installed package, by name, as `KIND/CASE` or `KIND/CASE:OUTPUT`."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the package's own, of casts and divisions that overflow
        cases = [case for kind in KINDS for case in load_model_tests(kind=kind)]
        return {n.name: n for case in cases for n in _networks(case)}


def _networks(case: TestCase) -> Iterator[Network]:
    model = case.model or onnx.load(Path(case.model_dir) / "model.onnx")
    outputs = [value.name for value in model.graph.output]
    for i, output in enumerate(outputs):
        name = f"{case.kind}/{case.name}" + (f":{output}" if len(outputs) > 1 else "")
        common = (
            case.kind,
            case.name,
            name,
            frozenset(node.op_type for node in model.graph.node),
            case.rtol,
            case.atol,
        )
        try:
            inputs, expected, graph, mat = _taken(case, model, i)
        except _LeftOutError as error:
            nothing = np.empty(0, np.float32)
            yield Network(*common, nothing, nothing, None, b"", error.left_out)
        else:
            yield Network(*common, inputs, expected, graph, mat, None)


class _LeftOutError(Exception):
    def __init__(self, rule: str, reason: str) -> None:
        super().__init__(reason)
        self.left_out = LeftOut(rule, reason)


def _taken(
    case: TestCase, original: onnx.ModelProto, output: int
) -> tuple[np.ndarray, np.ndarray, LayerGraph, bytes]:
    """Images, expected outputs, and the network as cifarx reads it and as model.mat.

    The first input is the images; the others become constants of the network.
    """
    model = onnx.ModelProto()
    model.CopyFrom(original)
    constant = {tensor.name for tensor in model.graph.initializer}
    given = [value for value in model.graph.input if value.name not in constant]
    wanted = model.graph.output[output]
    if not given:
        raise _LeftOutError("tensors", "no input")
    for value in (given[0], wanted):
        _require_tensor(value)
    inputs, outputs = _data(case, [*given, *model.graph.output])
    x, y = inputs[0], outputs[output]
    for word, array in (("input", x), ("output", y)):
        if array.ndim not in _RANKS:
            raise _LeftOutError("tensors", f"an {word} with {array.ndim} axes")
        if not np.isfinite(array).all():  # model.mat holds no such answers
            raise _LeftOutError("tensors", f"an {word} with NaN or infinity")
    for value, array in zip(given[1:], inputs[1:], strict=True):
        model.graph.initializer.append(numpy_helper.from_array(array, value.name))
    del model.graph.output[:]
    model.graph.output.append(wanted)
    graph = _read(_new_enough(model))
    none = np.empty(0)
    batch = TestBatch(none, (x,), none, (y,), (y.astype(np.float64),))
    try:
        return x, y, graph, mat_bytes(graph, _CARD, batch, "")
    except UserError as error:
        raise _LeftOutError("form", str(error).split(";")[0]) from error


def _require_tensor(value: onnx.ValueInfoProto) -> None:
    kind = value.type.WhichOneof("value").removesuffix("_type")
    if kind != "tensor":
        raise _LeftOutError("tensors", f"no tensor, but: {kind}")
    if value.type.tensor_type.elem_type != onnx.TensorProto.FLOAT:
        raise _LeftOutError("tensors", "numbers of another type than float32, or strings")


def _data(
    case: TestCase, values: list[onnx.ValueInfoProto]
) -> tuple[list[np.ndarray], list[np.ndarray]]:
    """Inputs and outputs of the one data set that a case has."""
    for value in values:
        if value.type.WhichOneof("value") != "tensor_type":
            _require_tensor(value)
    if case.data_sets is not None:
        ((inputs, outputs),) = case.data_sets
        return [np.asarray(x) for x in inputs], [np.asarray(y) for y in outputs]
    (folder,) = Path(case.model_dir).glob("test_data_set_*")

    def load(word: str) -> list[np.ndarray]:
        files = sorted(folder.glob(f"{word}_*.pb"), key=lambda file: int(file.stem.split("_")[1]))
        return [numpy_helper.to_array(onnx.load_tensor(file)) for file in files]

    return load("input"), load("output")


def _new_enough(model: onnx.ModelProto) -> onnx.ModelProto:
    """Older opsets converted, as cifarx's refusal of them advises."""
    opsets = [o.version for o in model.opset_import if o.domain in ("", "ai.onnx")]
    if all(version >= _OLDEST_OPSET for version in opsets):
        return model
    try:
        return version_converter.convert_version(model, _OLDEST_OPSET)
    except Exception as error:  # of whatever kind comes out of C++
        reason = " ".join(str(error).split())
        raise _LeftOutError("form", f"onnx.version_converter: {reason}") from error


def _read(model: onnx.ModelProto) -> LayerGraph:
    try:
        return read_onnx(model)
    except UnreadableError as error:
        lacking = sorted({operator for operator, why in error.reasons if why.startswith(NO_KIND)})
        if lacking:
            raise _LeftOutError("operators", ", ".join(lacking)) from error
        parts = (f"{name or 'the output'}: {why}" for name, why in error.reasons)
        raise _LeftOutError("form", "; ".join(parts)) from error
    except UserError as error:
        raise _LeftOutError("form", str(error)) from error


def by_octave(
    networks: Iterable[Network], folder: Path, program: str
) -> dict[str, np.ndarray | str]:
    """What one Octave computes of each network's model.mat, or what it says is wrong."""
    networks = list(networks)
    for i, network in enumerate(networks, start=1):
        (folder / f"{i}.mat").write_bytes(network.mat)
    code = f"""
        warning('off', 'Octave:shadowed-function'); addpath('{toolbox_path()}');
        Y = cell(1, {len(networks)});
        for i = 1:numel(Y)
            try
                net = cifarx.load(sprintf('%d.mat', i));
                Y{{i}} = cifarx.predict(net, net.test.inputs);
            catch reason
                Y{{i}} = reason.message;
            end
        end
        save('-v6', 'out.mat', 'Y');
        """
    done = subprocess.run(
        [program, "--no-gui", "--norc", "--quiet", "--eval", code],
        capture_output=True,
        text=True,
        cwd=folder,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    found = loadmat(folder / "out.mat")["Y"][0]
    return {n.name: _from_matlab(y, n.expected.shape) for n, y in zip(networks, found, strict=True)}


def _from_matlab(y: np.ndarray, shape: tuple[int, ...]) -> np.ndarray | str:
    """In ONNX's axes; MAT-files drop trailing axes of length one."""
    if y.dtype.kind == "U":
        return str(y.item())
    wanted = (*(layout.matlab_size(shape[1:]) or (1,)), shape[0])
    if tuple(n for n in y.shape if n > 1) != tuple(n for n in wanted if n > 1):
        return f"{y.shape} instead of {wanted}"
    return layout.from_matlab(y, shape[1:])


def by_onnx_runtime(network: Network) -> np.ndarray:
    """What ONNX Runtime computes of the network as cifarx writes it to ONNX."""
    assert network.graph is not None
    model = onnx_from_graph(network.graph, _CARD).proto()
    session = onnxruntime.InferenceSession(
        model.SerializeToString(), providers=["CPUExecutionProvider"]
    )
    (y,) = session.run(None, {network.graph.inputs[0].name: network.inputs})
    return np.asarray(y)


@dataclass(frozen=True)
class Case:
    """One case of the package: its networks together."""

    name: str
    kind: str
    operators: frozenset[str]
    networks: tuple[Network, ...]

    @property
    def rule(self) -> str:
        """What leaves it out; '' where all its networks are taken, 'part' where some are."""
        rules = [n.left_out.rule if n.left_out else "" for n in self.networks]
        if not any(rules):
            return ""
        return rules[0] if all(rules) else "part"


def cases_of(networks: Mapping[str, Network]) -> list[Case]:
    """Networks by case."""
    by_case: dict[str, list[Network]] = {}
    for network in networks.values():
        by_case.setdefault(f"{network.kind}/{network.case}", []).append(network)
    return [Case(k, n[0].kind, n[0].operators, tuple(n)) for k, n in by_case.items()]


def counts(networks: Mapping[str, Network]) -> dict[str, Counter[str]]:
    """By kind: how many cases every rule leaves out, and by '' how many are taken."""
    found: dict[str, Counter[str]] = {kind: Counter() for kind in KINDS}
    for case in cases_of(networks):
        found[case.kind][case.rule] += 1
    return found


def record(networks: Mapping[str, Network]) -> str:
    """The text of RECORD: the version of onnx, and the names of the networks that are taken."""
    taken = sorted(n.name for n in networks.values() if n.left_out is None)
    return "\n".join([onnx.__version__, *taken, ""])


def recorded() -> tuple[str, list[str]]:
    """What RECORD says: the version of onnx, and names of networks."""
    found, *names = RECORD.read_text("utf-8").split()
    return found, names


def page(networks: Mapping[str, Network]) -> str:
    """The text of PAGE."""
    cases = cases_of(networks)
    return "\n".join(
        [
            "# The onnx package's own test models",
            "",
            "<!-- Written by `python tests/support/onnx_models.py`; a test fails if it is not "
            "current. -->",
            "",
            _paragraph(
                f"Every test case of onnx {onnx.__version__}, of the four kinds that its loader "
                "offers offline, goes through ONNX → `model.mat` → GNU Octave and through ONNX → "
                "`model.onnx` → ONNX Runtime (`tests/export/from_onnx/test_onnx_models.py`). Both "
                "results must be the expected ones within the tolerance of the case: relative "
                "1e-3, absolute 1e-7."
            ),
            "",
            _paragraph(
                "The first input of a case is used as the images (or features), its other inputs "
                "as constants of the network, and each of its outputs as the output of a separate "
                f"network. Cases below opset {_OLDEST_OPSET} are converted to it by "
                "`onnx.version_converter`, as cifarx advises its users."
            ),
            "",
            *_kinds_table(networks),
            "",
            *_operators_table(cases),
            "",
            "## Left out: tensors",
            "",
            RULES["tensors"],
            "",
            *_groups(cases, "tensors", with_operators=True),
            "",
            "## Left out: operators",
            "",
            RULES["operators"],
            "",
            *_groups(cases, "operators", with_operators=False),
            "",
            "## Left out: forms",
            "",
            RULES["form"],
            "",
            *_forms(cases),
            "",
        ]
    )


def _paragraph(text: str) -> str:
    return textwrap.fill(text, 100)


def _kinds_table(networks: Mapping[str, Network]) -> Iterator[str]:
    yield (
        "| kind | passed: n of m | passed in part | left out: forms | not in m: tensors "
        "| not in m: operators | all cases |"
    )
    yield "|---|---|---|---|---|---|---|"
    total: Counter[str] = Counter()
    for kind, found in counts(networks).items():
        yield _kinds_row(kind, found)
        total += found
    yield _kinds_row("together", total)
    yield ""
    yield _paragraph(
        "m counts the cases within cifarx's scope: float32 tensors N x C x H x W, N x C x L or "
        "N x F, and only operators that have a reader. Passed in part: some outputs of a case, "
        "not all."
    )


def _kinds_row(kind: str, found: Mapping[str, int]) -> str:
    of = found[""] + found["part"] + found["form"]
    return (
        f"| {kind} | {found['']} of {of} | {found['part']} | {found['form']} "
        f"| {found['tensors']} | {found['operators']} | {sum(found.values())} |"
    )


def _operators_table(cases: list[Case]) -> Iterator[str]:
    yield "## By operator"
    yield ""
    yield "Cases with an operator that cifarx reads; a case with several operators counts for each."
    yield ""
    yield (
        "| operator | passed: n of m | passed in part | with other tensors "
        "| beside operators without a reader |"
    )
    yield "|---|---|---|---|---|"
    for operator in operators():
        found = Counter(case.rule for case in cases if operator in case.operators)
        of = found[""] + found["part"] + found["form"]
        yield (
            f"| {operator} | {found['']} of {of} | {found['part']} | {found['tensors']} "
            f"| {found['operators']} |"
        )


def _groups(cases: list[Case], rule: str, *, with_operators: bool) -> Iterator[str]:
    """Cases that a rule leaves out, by reason."""
    groups: dict[str, list[Case]] = {}
    for case in cases:
        if case.rule == rule:
            groups.setdefault(_left_out(case).reason, []).append(case)
    yield "| reason | cases |" + (" operators |" if with_operators else "")
    yield "|---|---|" + ("---|" if with_operators else "")
    for reason, group in sorted(groups.items(), key=lambda item: (-len(item[1]), item[0])):
        held = Counter(name for case in group for name in case.operators)
        last = f" {_listed(f'{name} {n}' for name, n in sorted(held.items()))} |"
        yield f"| {reason} | {len(group)} |" + (last if with_operators else "")


def _forms(cases: list[Case]) -> Iterator[str]:
    groups: dict[str, list[str]] = {}
    for case in cases:
        if case.rule in ("form", "part"):
            for network in case.networks:
                if network.left_out is not None:
                    groups.setdefault(network.left_out.reason, []).append(network.name)
    yield "| reason | cases |"
    yield "|---|---|"
    for reason, names in sorted(groups.items()):
        yield f"| {reason} | {_listed(names)} |"


def _left_out(case: Case) -> LeftOut:
    return next(n.left_out for n in case.networks if n.left_out is not None)


def _listed(words: Iterable[str]) -> str:
    return ", ".join(words)


def main() -> None:
    """Run every network, and write the page and the record."""
    program = which("octave-cli")
    if program is None:
        raise SystemExit("GNU Octave is not installed (no octave-cli on the PATH)")
    networks = load_networks()
    taken = [n for n in networks.values() if n.left_out is None]
    with tempfile.TemporaryDirectory() as folder:
        outputs = by_octave(taken, Path(folder), program)
    for network in taken:
        found = outputs[network.name]
        assert not isinstance(found, str), found
        network.check(found)
        network.check(by_onnx_runtime(network))
    PAGE.write_text(page(networks), "utf-8")
    RECORD.write_text(record(networks), "utf-8")
    for kind, found_counts in counts(networks).items():
        print(_kinds_row(kind, found_counts))


if __name__ == "__main__":
    main()
