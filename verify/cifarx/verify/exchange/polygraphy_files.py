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

from cifarx.pytorch_models.errors import MalformedFileError, UserError
from cifarx.pytorch_models.files import reading, replacing

LARGEST = 2**28
"""Bytes that are read at most, of a file or a folder; 10 000 images of 10 classes take 0.6 MB."""
CLASS = "polygraphy_class"
"""The key by which an object names its class."""
LAZY = ("LazyArray", "LazyNumpyArray")
"""An array that may have been swapped to disk, which the file does not show; its older name too."""


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
    """Write the logits of several runtimes, (N, K) float32 by name, as `--load-outputs` takes them.

    Polygraphy pairs outputs by name and iterations by number, and passes over what has no partner:
    `output_name` has to be the model's, and `batch`, the images in an iteration, that of the
    inputs. Equal arguments give equal bytes, which are those that Polygraphy would write.

    Raises:
        UserError: the file cannot be written.
        ValueError: arrays of another kind or of several lengths, or none.
    """
    if len({len(logits) for logits in runners.values()}) != 1:
        raise ValueError("there must be runners, with one number of images")
    content = []
    for name, logits in runners.items():
        rest = {"runtime": None, "runner_name": name, CLASS: "IterationResult"}
        outputs = ({"values": array, CLASS: LAZY[0]} for array in _encoded(logits, 2, batch))
        content.append([name, [{"outputs": {output_name: output}, **rest} for output in outputs]])
    _write(path, {"lst": content, CLASS: "RunResults"})


def write_inputs(path: Path, input_name: str, inputs: NDArray[np.float32], batch: int) -> None:
    """Write inputs, (N, C, H, W) float32, as `--load-inputs` takes them; it raises the same."""
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
                runners = _runners(_parsed(content))
                if found and runners.keys() != found.keys():
                    raise MalformedFileError("the folder's files are of different runners")
                for runner, iterations in runners.items():
                    found.setdefault(runner, []).extend(map(_output, iterations))
            return tuple(_joined(runner, outputs) for runner, outputs in found.items())
        except MalformedFileError as error:
            raise UserError(
                f"{path} cannot be read as outputs of Polygraphy: {error}. Allowed is what "
                "'polygraphy run model.onnx --onnxrt --save-outputs outputs.json' writes (version "
                "0.49 or newer), with one float32 output, images by classes. Save it so again."
            ) from error


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
    files = sorted(path.glob("*.json")) if path.is_dir() else [path]
    # Polygraphy reads any files there; one missing in the middle would shift all later images.
    wanted = {f"{number:010}.json" for number in range(max(1, len(files)))}
    if path.is_dir() and (lost := wanted - {file.name for file in files}):
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
    except (ValueError, RecursionError) as error:  # ValueError: no UTF-8, no JSON, endless digits
        raise MalformedFileError("it is no JSON, or not all of it") from error


def _runners(content: object) -> dict[str, list[Any]]:
    """The iterations of every runner of one file, by its name."""
    if isinstance(content, list):
        raise MalformedFileError("it is a list, as --save-inputs writes, and no RunResults")
    found: dict[str, list[Any]] = {}
    for pair in _member(content, "lst", list, "RunResults"):
        if not isinstance(pair, list) or len(pair) != 2 or not isinstance(pair[1], list):
            raise MalformedFileError("a runner is not a name with a list of iterations")
        name, iterations = _name(pair[0], "a runner"), pair[1]
        if name in found or not iterations:
            raise MalformedFileError(f"runner {name!r} is there twice, or has no iterations")
        found[name] = iterations
    if not found:
        raise MalformedFileError("it has no runner")
    return found


def _output(iteration: object) -> tuple[str, NDArray[np.float32]]:
    """Name and array of the one output of an iteration."""
    outputs = _member(iteration, "outputs", dict, "IterationResult")
    if len(outputs) != 1:
        raise MalformedFileError(f"an iteration has {len(outputs)} outputs instead of one")
    ((name, lazy),) = outputs.items()
    values = _member(lazy, "values", dict, *LAZY)
    return _name(name, "an output"), _array(_member(values, "array", str, "ndarray"))


def _array(text: str) -> NDArray[np.float32]:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise MalformedFileError("an array is no base64, or not all of it") from error
    file = io.BytesIO(raw)
    try:
        with warnings.catch_warnings(action="error"):
            if (version := np.lib.format.read_magic(file)) != (1, 0):
                raise ValueError(version)
            shape, _, dtype = np.lib.format.read_array_header_1_0(file)
    except Exception as error:  # numpy's parser raises whatever it stumbles over
        raise MalformedFileError("an array is not in version 1.0 of numpy's .npy") from error
    if dtype != np.float32:
        raise MalformedFileError(f"an array holds {str(dtype)[:40]!r}, not float32")
    if len(shape) != 2 or min(shape) < 1:
        raise MalformedFileError(f"an array has the shape {str(shape)[:80]}, not images by classes")
    if (size := len(raw) - file.tell()) != 4 * shape[0] * shape[1]:
        raise MalformedFileError(f"an array of shape {str(shape)[:80]} has {size} bytes")
    file.seek(0)
    return np.ascontiguousarray(np.load(file, allow_pickle=False))


def _joined(runner: str, outputs: list[tuple[str, NDArray[np.float32]]]) -> RunnerOutputs:
    kinds = {(name, array.shape[1]) for name, array in outputs}
    if len(kinds) > 1:
        shown = [f"{name!r} of {classes} classes" for name, classes in sorted(kinds)]
        raise MalformedFileError(f"iterations of {runner!r} differ: {shown[0]}, {shown[1]}")
    return RunnerOutputs(runner, outputs[0][0], np.concatenate([array for _, array in outputs]))


def _member(value: object, key: str, kind: type, *classes: str) -> Any:
    """A member of a JSON object that says that it is of one of these classes."""
    if not isinstance(value, dict) or (found := value.get(CLASS)) is None:
        raise MalformedFileError(f"there is something of no class instead of {classes[0]}")
    if found not in classes:
        raise MalformedFileError(f"there is {str(found)[:40]!r} instead of {classes[0]}")
    if not isinstance(member := value.get(key), kind):
        raise MalformedFileError(f"{classes[0]} has no '{key}', or one of another kind")
    return member


def _name(value: object, what: str) -> str:
    """A name that can be shown: it may come from anywhere, and goes to a terminal."""
    if not isinstance(value, str) or not value.isprintable() or not 1 <= len(value) <= 200:
        raise MalformedFileError(f"the name of {what} is not of 1 to 200 printable characters")
    return value
