"""The run that a file tuned in MATLAB came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cifarx.export.network.graph import LayerGraph
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.errors import UserError
from cifarx.pytorch_models.run import RECORD, Run, build_module, load_run, runs_in
from cifarx.verify.from_matlab.file import TunedFile
from cifarx.verify.from_matlab.weights import fits


def find_parent(
    tuned: TunedFile, named: Path | None, progress: Callable[[str], None]
) -> tuple[Run, LayerGraph]:
    """The run that the file came from, and its network.

    It is the run named, else the one whose weights the tuning began with, the oldest of several
    with the same, else, where the file does not say that, the newest one whose layers it has;
    looked for in ./runs and beside the file.

    Raises:
        UserError: there is none, or runs that mean different things fit alike.
    """
    if named is not None:
        run = load_run(named)
        return run, _graph(run)
    runs = runs_in((Path("runs"), tuned.path.resolve().parent / "runs"))
    runs.sort(key=lambda run: (run.folder / RECORD).stat().st_mtime_ns, reverse=True)
    if tuned.base_sha256:
        progress("looking for its run")
        found = [r for r in runs if r.record.weights_sha256 == tuned.base_sha256]
        alike = [r for r in found if tuned.card and r.record.classes == tuned.card.classes]
        if not found:
            raise _orphan(tuned)
        run = (alike or found)[-1]
        return run, _graph(run)
    return _by_network(tuned, runs, progress)


def _orphan(tuned: TunedFile) -> UserError:
    """What to say of a file whose run is not there."""
    model = tuned.card.model if tuned.card else ""
    if model not in registry.models():
        return UserError(
            f"{tuned.path} holds the network {model!r}, which did not come from a run: a run is of "
            "a network of cifarx's zoo ('cifarx models'). If it is one of these, name a run of it "
            "with --run RUN; else take the arrays from the file, where each names its PyTorch "
            "tensor in layers.Source."
        )
    return UserError(
        f"The run that {tuned.path} was exported from, of the network {model!r} (SHA-256 of its "
        f"weights {tuned.base_sha256[:16]}…), is neither in runs/ here nor beside the file. Name "
        "it with --run RUN. If it is gone, any run of that network on the same data serves, for "
        "all of its weights are replaced; 'cifarx train' makes one in an epoch."
    )


def _by_network(
    tuned: TunedFile, runs: list[Run], progress: Callable[[str], None]
) -> tuple[Run, LayerGraph]:
    """The newest run whose network the file holds, where the file does not say where it is from."""
    classes = tuned.graph.shapes()[tuned.graph.output][0]
    size = tuned.graph.input_size
    alike = [r for r in runs if (r.record.input_size, len(r.record.classes)) == (size, classes)]
    graphs: dict[str, LayerGraph] = {}  # of the newest run of each network
    for run in alike:
        progress(f"comparing with {run.folder.name}")
        if run.record.model not in graphs:
            graphs[run.record.model] = _graph(run)
    fitting = [run for run in alike if fits(tuned, graphs[run.record.model])]
    name = tuned.path
    if not fitting and alike:
        return alike[0], graphs[alike[0].record.model]  # what differs will be said of this one
    if not fitting:
        seen = ", ".join(run.folder.name for run in runs[:5]) or "none"
        shape = " x ".join(map(str, size))
        raise UserError(
            f"{name} does not say which run it came from, and no run in runs/ here or beside it "
            f"takes its images, {shape} (channels, height, width), to its {classes} classes (runs "
            f"there: {seen}). Name the run with --run RUN."
        )
    if len({(r.record.model, r.record.classes, r.record.mean, r.record.std) for r in fitting}) > 1:
        listed = ", ".join(run.folder.name for run in fitting)
        raise UserError(
            f"{name} does not say which run it came from, and several have its layers: {listed}. "
            "Name the one with --run RUN."
        )
    return fitting[0], graphs[fitting[0].record.model]


def _graph(run: Run) -> LayerGraph:
    from cifarx.export.from_torch.reader import graph_from_module

    return graph_from_module(build_module(run), run.record.input_size)
