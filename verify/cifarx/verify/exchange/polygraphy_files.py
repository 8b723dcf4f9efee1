"""Read and write the input and output files of NVIDIA's Polygraphy, without Polygraphy.

`polygraphy run` reads inputs with --load-inputs, compares outputs given with --load-outputs, and
saves the outputs of its runners with --save-outputs. Such a file is JSON: objects name their class
in 'polygraphy_class', and arrays are numpy's .npy in base64. The format is that of the source of
Polygraphy 0.53.6 (json/serde.py, comparator/struct.py). Versions 0.49.9, 0.49.26, 0.50.3 and 0.53.6
write outputs with the same bytes; 0.53 can also write a folder with one such file per iteration.

The files are not trusted: every object is checked before use, and no array is created before its
header agrees with its number of bytes.
"""

from __future__ import annotations

import base64
import io
import json
import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.errors import MalformedFileError, UserError
from cifarx.pytorch_models.files import reading, replacing

LARGEST = 2**28
"""Most bytes that are read of a file or folder; 10,000 images of 10 classes take 0.6 MB."""
CLASS = "polygraphy_class"
"""The key with which an object names its class."""
LAZY = ("LazyArray", "LazyNumpyArray")
"""Class names of an array that Polygraphy may keep on disk: the current and the older name."""


@dataclass(frozen=True)
class RunnerOutputs:
    """The outputs of one runtime in all iterations."""

    runner: str
    """Name given by Polygraphy, such as 'onnxrt-runner-N0-11/21/26-15:12:32'."""
    outputs: Mapping[str, NDArray[np.float32]]
    """(N, ...) float32 by the name of the model's output, all iterations in order; may hold NaN or
    infinity."""

    def in_order(self, names: Sequence[str]) -> list[NDArray[np.float32]]:
        """Return the outputs of these names; an only output may have any name.

        A missing one is an empty array, which is not of the expected shape.
        """
        if len(names) == len(self.outputs) == 1:
            return list(self.outputs.values())
        return [self.outputs.get(name, np.empty(0, np.float32)) for name in names]


def write_outputs(
    path: Path, runners: Mapping[str, Mapping[str, NDArray[np.float32]]], batch: int
) -> None:
    """Write the outputs of several runtimes for `polygraphy run --load-outputs`.

    Polygraphy pairs outputs by name and iterations by number, and ignores what has no partner. The
    bytes are those that Polygraphy would write, the same for the same arguments.

    Args:
        path: the file to write.
        runners: by runtime name the outputs (N, ...) float32 by name, all with the same N.
        batch: images per iteration; must be that of the inputs.

    Raises:
        UserError: the file cannot be written.
        ValueError: there are no arrays, or they differ in type or length.
    """
    if len({values.shape[:1] for outputs in runners.values() for values in outputs.values()}) != 1:
        raise ValueError("runners are needed, all with the same number of images")
    content = []
    for name, outputs in runners.items():
        rest = {"runtime": None, "runner_name": name, CLASS: "IterationResult"}
        iterations = [
            {
                "outputs": {key: {"values": array, CLASS: LAZY[0]} for key, array in part.items()},
                **rest,
            }
            for part in _iterations(outputs, batch)
        ]
        content.append([name, iterations])
    _write(path, {"lst": content, CLASS: "RunResults"})


def write_inputs(path: Path, inputs: Mapping[str, NDArray[np.float32]], batch: int) -> None:
    """Write inputs, (N, ...) float32 by name, for `polygraphy run --load-inputs`.

    `batch` is the number of images per iteration. Raises the same errors as `write_outputs`.
    """
    _write(path, list(_iterations(inputs, batch)))


def _iterations(
    arrays: Mapping[str, NDArray[np.float32]], batch: int
) -> Iterator[dict[str, dict[str, str]]]:
    """Yield the encoded arrays of each iteration, by name."""
    encoded = [_encoded(values, batch) for values in arrays.values()]
    for parts in zip(*encoded, strict=True):
        yield dict(zip(arrays, parts, strict=True))


def read_outputs(path: Path) -> tuple[RunnerOutputs, ...]:
    """Read the outputs of `polygraphy run --save-outputs`: a file, or a folder of iterations.

    Every runner must have float32 outputs, the batch first, with the same names in all iterations.

    Raises:
        UserError: the file is missing, damaged, too large or has other content.
    """
    by_runner: dict[str, list[dict[str, NDArray[np.float32]]]] = {}
    with reading(path):
        try:
            for content in _contents(path):
                runners = _runners(_parsed(content))
                if by_runner and runners.keys() != by_runner.keys():
                    raise MalformedFileError("the files of the folder have different runners")
                for runner, iterations in runners.items():
                    by_runner.setdefault(runner, []).extend(map(_outputs, iterations))
            return tuple(_joined(runner, outputs) for runner, outputs in by_runner.items())
        except MalformedFileError as error:
            raise UserError(
                f"{path} cannot be read as outputs of Polygraphy: {error}. cifarx reads what "
                "'polygraphy run model.onnx --onnxrt --save-outputs outputs.json' writes (version "
                "0.49 or newer), with float32 outputs whose first axis is the batch. Save it this "
                "way."
            ) from error


def _encoded(values: NDArray[np.float32], batch: int) -> Iterator[dict[str, str]]:
    if values.dtype != np.float32 or not values.ndim or 0 in values.shape or batch < 1:
        raise ValueError(f"{values.dtype} of shape {values.shape} in batches of {batch}")
    for start in range(0, len(values), batch):
        file = io.BytesIO()
        part = np.ascontiguousarray(values[start : start + batch], dtype="<f4")
        np.lib.format.write_array(file, part, version=(1, 0), allow_pickle=False)
        yield {"array": base64.b64encode(file.getvalue()).decode("ascii"), CLASS: "ndarray"}


def _write(path: Path, content: object) -> None:
    with replacing(path) as temporary, temporary.open("w", encoding="ascii", newline="\n") as file:
        json.dump(content, file, indent=4)


def _contents(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file, or of each file of a folder; at most `LARGEST` in all."""
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    # Polygraphy reads any files there; a missing one would shift all later images.
    expected = {f"{number:010}.json" for number in range(max(1, len(files)))}
    if path.is_dir() and (lost := expected - {file.name for file in files}):
        raise MalformedFileError(f"the folder has no {min(lost)}")
    left = LARGEST
    for file in files:
        with file.open("rb") as opened:
            content = opened.read(left + 1)
        if (left := left - len(content)) < 0:
            raise MalformedFileError(f"it has more than {LARGEST >> 20} MiB")
        yield content


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8"))
    except (
        ValueError,
        RecursionError,
    ) as error:  # ValueError: not UTF-8, not JSON, too many digits
        raise MalformedFileError("it is not JSON, or incomplete") from error


def _runners(content: object) -> dict[str, list[Any]]:
    """Return the iterations of every runner of one file, by runner name."""
    if isinstance(content, list):
        raise MalformedFileError("it is a list, as --save-inputs writes, not RunResults")
    by_name: dict[str, list[Any]] = {}
    for pair in _member(content, "lst", list, "RunResults"):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], list):
            raise MalformedFileError("a runner is not a name with a list of iterations")
        name, iterations = _name(pair[0], "a runner"), pair[1]
        if name in by_name or not iterations:
            raise MalformedFileError(f"runner {name!r} occurs twice, or has no iterations")
        by_name[name] = iterations
    if not by_name:
        raise MalformedFileError("it has no runner")
    return by_name


def _outputs(iteration: object) -> dict[str, NDArray[np.float32]]:
    """Return the arrays of the outputs of an iteration, by name."""
    outputs = _member(iteration, "outputs", dict, "IterationResult")
    found = {}
    for name, lazy in outputs.items():
        values = _member(lazy, "values", dict, *LAZY)
        found[_name(name, "an output")] = _array(_member(values, "array", str, "ndarray"))
    if len({len(array) for array in found.values()}) != 1:
        raise MalformedFileError("an iteration has no outputs, or different numbers of images")
    return found


def _array(text: str) -> NDArray[np.float32]:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedFileError("an array is not base64, or incomplete") from error
    file = io.BytesIO(raw)
    try:
        with warnings.catch_warnings(action="error"):
            if (version := np.lib.format.read_magic(file)) != (1, 0):
                raise ValueError(version)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except Exception as error:  # numpy's parser raises many kinds
        raise MalformedFileError("an array is not in numpy's .npy format 1.0") from error
    if dtype != np.float32:
        raise MalformedFileError(f"an array holds {str(dtype)[:40]!r}, not float32")
    if not shape or min(shape) < 1:
        raise MalformedFileError(f"an array has the shape {str(shape)[:80]}, without a batch")
    if (size := len(raw) - file.tell()) != 4 * math.prod(shape):
        raise MalformedFileError(f"an array of shape {str(shape)[:80]} has {size} bytes")
    file.seek(0)
    return np.ascontiguousarray(np.load(file, allow_pickle=False))


def _joined(runner: str, iterations: list[dict[str, NDArray[np.float32]]]) -> RunnerOutputs:
    kinds = [{name: array.shape[1:] for name, array in part.items()} for part in iterations]
    other = next((kind for kind in kinds if kind != kinds[0]), None)
    if other is not None:
        shown = [
            " and ".join(f"{name!r} of {size}" for name, size in kind.items())
            for kind in (kinds[0], other)
        ]
        raise MalformedFileError(f"iterations of {runner!r} differ: {shown[0]}; {shown[1]}")
    joined = {name: np.concatenate([part[name] for part in iterations]) for name in kinds[0]}
    return RunnerOutputs(runner, joined)


def _member(value: object, key: str, kind: type, *classes: str) -> Any:
    """Return a member of a JSON object, which must name one of these classes."""
    if not isinstance(value, dict) or (given := value.get(CLASS)) is None:
        raise MalformedFileError(f"{classes[0]} is expected, but a value names no class")
    if given not in classes:
        raise MalformedFileError(f"{classes[0]} is expected, not {str(given)[:40]!r}")
    if not isinstance(member := value.get(key), kind):
        raise MalformedFileError(f"{classes[0]} has no '{key}' of the expected type")
    return member


def _name(value: object, what: str) -> str:
    """Check that a name from the file is safe to print on a terminal."""
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= 200:
        raise MalformedFileError(f"the name of {what} does not have 1 to 200 printable characters")
    return value
