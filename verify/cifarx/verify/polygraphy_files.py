"""Inputs and outputs in the files of NVIDIA's Polygraphy, written and read without Polygraphy.

`polygraphy run` takes inputs by --load-inputs, compares outputs given by --load-outputs, and saves
those of its own runners by --save-outputs. Such a file is JSON: objects that name their class in
'polygraphy_class', arrays as base64 of numpy's .npy. Read in the source of Polygraphy 0.53.6
(json/serde.py, comparator/struct.py); 0.49.9, 0.49.26, 0.50.3 and 0.53.6 write outputs with the
same bytes, and 0.53 also a folder with one such file for each iteration.

What is read here comes from elsewhere: every object is checked before it is used, and no array is
made before its header agrees with the number of its bytes.
"""

from __future__ import annotations

import base64
import io
import json
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.files import reading, replacing

LARGEST = 2**28
"""Bytes that are read at most, of a file or a folder; 10 000 images of 10 classes take 0.6 MB."""
LONGEST_NAME = 200
"""Characters of a runner's or an output's name; Polygraphy's own have about 35."""
CLASS = "polygraphy_class"
"""The key by which an object names its class."""
LAZY = ("LazyArray", "LazyNumpyArray")
"""An array that Polygraphy may have swapped to disk, which the saved file does not show; by its
name of today and the one before."""


@dataclass(frozen=True)
class RunnerOutputs:
    """What one runtime gave, in all iterations."""

    runner: str
    """Polygraphy's name of it, such as 'onnxrt-runner-N0-11/21/26-15:12:32'."""
    output: str
    """Name of the model's output."""
    logits: NDArray[np.float32]
    """(N, K), the iterations one after the other; may hold NaN or infinity."""


def write_outputs(
    path: Path, runners: Mapping[str, NDArray[np.float32]], output_name: str, batch: int
) -> None:
    """Write the logits of several runtimes as `--load-outputs` takes them.

    Polygraphy pairs outputs by name and iterations by number, and passes over what has no partner:
    `output_name` has to be the model's, and `batch` that of the inputs. Equal arguments give equal
    bytes, which are those that Polygraphy would write.

    Args:
        path: written by rename.
        runners: (N, K) float32 of each by its name, with one N.
        output_name: the model's output.
        batch: images in an iteration; the last may have fewer.

    Raises:
        UserError: the file cannot be written.
        ValueError: arrays of another kind or of several lengths, or none.
    """
    if len({len(logits) for logits in runners.values()}) != 1:
        raise ValueError("there must be runners, with one number of images")
    content = [
        [
            name,
            [
                {
                    "outputs": {output_name: {"values": array, CLASS: LAZY[0]}},
                    "runtime": None,
                    "runner_name": name,
                    CLASS: "IterationResult",
                }
                for array in _encoded(logits, 2, batch)
            ],
        ]
        for name, logits in runners.items()
    ]
    _write(path, {"lst": content, CLASS: "RunResults"})


def write_inputs(path: Path, input_name: str, inputs: NDArray[np.float32], batch: int) -> None:
    """Write a network's inputs as `--load-inputs` takes them, one iteration for each batch.

    Args:
        path: written by rename.
        input_name: the model's input.
        inputs: (N, C, H, W) float32.
        batch: images in an iteration; the last may have fewer.

    Raises:
        UserError: the file cannot be written.
        ValueError: an array of another kind, or none.
    """
    _write(path, [{input_name: array} for array in _encoded(inputs, 4, batch)])


def read_outputs(path: Path) -> tuple[RunnerOutputs, ...]:
    """Read what `polygraphy run --save-outputs` wrote: a file, or a folder of iterations.

    Every runner must have one float32 output, images by classes, by one name in all iterations.

    Raises:
        UserError: the file is missing, damaged, too large or of other content; the text says which.
    """
    found: dict[str, list[tuple[str, NDArray[np.float32]]]] = {}
    with reading(path):
        try:
            for content in _contents(path):
                for runner, iterations in _runners(_parsed(content)):
                    found.setdefault(runner, []).extend(map(_output, iterations))
            return tuple(_joined(runner, outputs) for runner, outputs in found.items())
        except _MalformedError as error:
            raise UserError(
                f"{path} cannot be read as outputs of Polygraphy: {error}. What can be read is a "
                "file of 'polygraphy run model.onnx --onnxrt --save-outputs outputs.json' "
                "(Polygraphy 0.49 or newer) with one float32 output, images by classes. "
                "Save the outputs again in that way."
            ) from error


class _MalformedError(Exception):
    """What is wrong with a file, as the middle of a sentence."""


def _encoded(values: NDArray[np.float32], axes: int, batch: int) -> Iterator[dict[str, str]]:
    if values.dtype != np.float32 or values.ndim != axes or 0 in values.shape or batch < 1:
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
    """The bytes of a file, or of all files of a folder, `LARGEST` together at most."""
    files = [path]
    if path.is_dir():
        files = sorted(path.glob("*.json"))
        # Polygraphy reads any files there; one missing in the middle would shift all later images.
        for number, file in enumerate(files):
            if file.name != f"{number:010}.json":
                raise _MalformedError(f"{number:010}.json is missing in the folder")
    if not files:
        raise _MalformedError("the folder has no 0000000000.json")
    left = LARGEST
    for each in files:
        with each.open("rb") as file:
            content = file.read(left + 1)
        if (left := left - len(content)) < 0:
            raise _MalformedError(f"it has more than {LARGEST >> 20} MiB")
        yield content


def _parsed(content: bytes) -> object:
    try:
        return json.loads(content.decode("utf-8"))
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no JSON, endless digits
        raise _MalformedError("it is no JSON, or not all of it") from error


def _runners(content: object) -> Iterator[tuple[str, list[Any]]]:
    """Name and iterations of every runner of one file."""
    if isinstance(content, list):
        raise _MalformedError("it is a list, as --save-inputs writes, and no RunResults")
    pairs = _member(_object(content, "RunResults"), "lst", list, "RunResults")
    if not pairs:
        raise _MalformedError("it has no runner")
    names = set()
    for pair in pairs:
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], list):
            raise _MalformedError("a runner is not a name with a list of iterations")
        name, iterations = _name(pair[0], "runner"), pair[1]
        if name in names:
            raise _MalformedError(f"it has two runners {name!r}")
        if not iterations:
            raise _MalformedError(f"runner {name!r} has no iterations")
        names.add(name)
        yield name, iterations


def _output(iteration: object) -> tuple[str, NDArray[np.float32]]:
    """Name and array of the one output of an iteration."""
    outputs = _member(_object(iteration, "IterationResult"), "outputs", dict, "IterationResult")
    if len(outputs) != 1:
        shown = ", ".join(repr(str(name)[:40]) for name in list(outputs)[:4])
        raise _MalformedError(
            f"an iteration has {len(outputs)} outputs{shown and f' ({shown}…)'} instead of one"
        )
    ((name, lazy),) = outputs.items()
    values = _member(_object(lazy, *LAZY), "values", dict, LAZY[0])
    return _name(name, "output"), _array(_member(_object(values, "ndarray"), "array", str, "array"))


def _array(text: str) -> NDArray[np.float32]:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise _MalformedError("an array is no base64, or not all of it") from error
    file = io.BytesIO(raw)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            if (version := np.lib.format.read_magic(file)) != (1, 0):
                raise ValueError(version)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except Exception as error:  # numpy's parser raises whatever it stumbles over
        raise _MalformedError("an array is not in version 1.0 of numpy's .npy") from error
    if dtype != np.float32:
        kind = "Python objects" if dtype.hasobject else str(dtype)[:40]
        raise _MalformedError(f"an array holds {kind}, not float32")
    if len(shape) != 2 or min(shape) < 1:
        raise _MalformedError(f"an array has the shape {str(shape)[:80]}, not images by classes")
    if (size := len(raw) - file.tell()) != 4 * shape[0] * shape[1]:
        raise _MalformedError(f"an array of shape {str(shape)[:80]} has {size} bytes")
    file.seek(0)
    return np.ascontiguousarray(np.load(file, allow_pickle=False))


def _joined(runner: str, outputs: list[tuple[str, NDArray[np.float32]]]) -> RunnerOutputs:
    names = sorted({name for name, _ in outputs})
    if len(names) > 1:
        raise _MalformedError(
            f"runner {runner!r} has several outputs, such as {names[0]!r} and {names[1]!r}"
        )
    classes = sorted({array.shape[1] for _, array in outputs})
    if len(classes) > 1:
        raise _MalformedError(
            f"the iterations of {runner!r} differ in classes: {classes[0]} and {classes[-1]}"
        )
    return RunnerOutputs(runner, names[0], np.concatenate([array for _, array in outputs]))


def _object(value: object, *classes: str) -> dict[str, Any]:
    """A JSON object that says that it is of one of these classes."""
    if not isinstance(value, dict):
        raise _MalformedError(f"where {classes[0]} should be is no object")
    if (found := value.get(CLASS)) not in classes:
        given = "no class" if found is None else f"the class {str(found)[:40]!r}"
        raise _MalformedError(f"an object has {given} instead of {classes[0]}")
    return value


def _member(value: dict[str, Any], key: str, kind: type, what: str) -> Any:
    if not isinstance(member := value.get(key), kind):
        raise _MalformedError(f"{what} has no '{key}', or one of another kind")
    return member


def _name(value: object, what: str) -> str:
    """A name that can be shown: it may come from anywhere, and goes to a terminal."""
    if not isinstance(value, str) or not value.isprintable() or not 0 < len(value) <= LONGEST_NAME:
        raise _MalformedError(
            f"the name of a {what} is not of 1 to {LONGEST_NAME} printable characters"
        )
    return value
