"""The pair of files that --to-polygraphy writes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import onnx

from cifarx.verify.exchange.for_polygraphy import EngineOutputs, inputs_path, write_for_polygraphy
from cifarx.verify.exchange.polygraphy_files import read_outputs
from cifarx.verify.subject.files_and_run import NO_RUN, open_subject


def test_outputs_and_inputs_have_the_models_names_and_the_same_iterations(work: Path) -> None:
    random = np.random.RandomState(0)
    logits = random.standard_normal((70, 10)).astype(np.float32)
    inputs = random.standard_normal((70, 3, 32, 32)).astype(np.float32)
    subject = open_subject(work / "model.onnx", NO_RUN)
    path = work / "outputs.json"
    write_for_polygraphy(path, EngineOutputs(subject, {"octave": (logits,)}, (inputs,)))

    model = onnx.load(work / "model.onnx")
    (saved,) = read_outputs(path)
    name = model.graph.output[0].name
    assert (saved.runner, list(saved.outputs)) == ("octave", [name])
    assert saved.outputs[name].tobytes() == logits.tobytes()
    feeds = json.loads(inputs_path(path).read_text())
    assert {name for feed in feeds for name in feed} == {model.graph.input[0].name}
    ((_, iterations),) = json.loads(path.read_text())["lst"]
    assert len(feeds) == len(iterations) == 2  # 64 images, then 6


def test_the_inputs_keep_the_ending_of_the_outputs() -> None:
    assert inputs_path(Path("a/b.c.json")) == Path("a/b.c-inputs.json")
