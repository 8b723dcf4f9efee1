"""Find the run that a file tuned in MATLAB came from."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from cifarx.export.network.graph import LayerGraph
from cifarx.export.network.interface import Input
from cifarx.export.network.names import INPUT
from cifarx.pytorch_models import registry
from cifarx.pytorch_models.errors import NoParentError, UserError
from cifarx.pytorch_models.run import RECORD, Run, build_module, load_run, runs_in
from cifarx.verify.from_matlab.file import TunedFile
from cifarx.verify.from_matlab.weights import fits


def find_parent(
    tuned: TunedFile, named: Path | None, progress: Callable[[str], None]
) -> tuple[Run, LayerGraph]:
    """Return the run that the file came from, and its network.

    Without `named`, runs are searched in ./runs and in runs/ beside the file. If the file has the
    digest of the weights before the tuning, the parent is the run with these weights (the oldest,
    if there are several). Otherwise it is the newest run with the same layers.

    Args:
        tuned: the file.
        named: the run that the user named, or None.
        progress: called with the current stage.

    Raises:
        UserError: no run fits, or runs with different networks, classes or normalisation fit.
    """
    if named is not None:
        run = load_run(named)
        return run, _graph(run)
    runs = runs_in((Path("runs"), tuned.path.resolve().parent / "runs"))
    runs.sort(key=lambda run: (run.folder / RECORD).stat().st_mtime_ns, reverse=True)
    if tuned.base_sha256:
        progress("looking for its run")
        same = [r for r in runs if r.record.weights_sha256 == tuned.base_sha256]
        alike = [r for r in same if tuned.card and r.record.classes == tuned.card.classes]
        if not same:
            raise _orphan(tuned)
        run = (alike or same)[-1]
        return run, _graph(run)
    return _by_network(tuned, runs, progress)


def _orphan(tuned: TunedFile) -> NoParentError:
    """Return the error for a file whose run is missing."""
    model = tuned.card.model if tuned.card else ""
    if model not in registry.models():
        return NoParentError(
            f"{tuned.path} holds the network {model!r}, which did not come from a run: runs of "
            "'cifarx train' hold only the networks that 'cifarx models' lists."
        )
    return NoParentError(
        f"The run that {tuned.path} was exported from, of the network {model!r} (SHA-256 of its "
        f"weights {tuned.base_sha256[:16]}…), is neither in runs/ here nor in runs/ beside the "
        "file. To train it further with that run's recipe, name the run with --run RUN; if it is "
        "gone, name any run of this network on the same data: all its weights are replaced."
    )


def _by_network(
    tuned: TunedFile, runs: list[Run], progress: Callable[[str], None]
) -> tuple[Run, LayerGraph]:
    """Return the newest run with the layers of a file that does not name its weights."""
    ((classes,),) = tuned.graph.output_shapes()
    size = tuned.graph.inputs[0].shape
    alike = [r for r in runs if (r.record.input_size, len(r.record.classes)) == (size, classes)]
    graphs: dict[str, LayerGraph] = {}  # of the newest run of each network
    for run in alike:
        progress(f"comparing with {run.folder.name}")
        if run.record.model not in graphs:
            graphs[run.record.model] = _graph(run)
    fitting = [run for run in alike if fits(tuned, graphs[run.record.model])]
    name = tuned.path
    if not fitting and alike:
        names = ", ".join(run.folder.name for run in alike[:5])
        raise NoParentError(
            f"{name} does not say which run it came from, and has other layers than the runs with "
            f"its image size and number of classes ({names}). --run RUN lists the differences from "
            "one of them."
        )
    if not fitting:
        seen = ", ".join(run.folder.name for run in runs[:5]) or "none"
        shape = " x ".join(map(str, size))
        raise NoParentError(
            f"{name} does not say which run it came from, and no run in runs/ here or beside the "
            f"file has images of {shape} (channels, height, width) and {classes} classes (runs "
            f"there: {seen}). If it came from a run, name that with --run RUN."
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

    return graph_from_module(build_module(run), [Input(INPUT, run.record.input_size)])
