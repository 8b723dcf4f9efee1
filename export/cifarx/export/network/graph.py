"""`LayerGraph`: the framework-neutral network that every reader makes and every writer reads.

Its layers are of the kinds of `vocabulary`; arrays keep PyTorch's axis order and are float32.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from cifarx.export.network.layer import Array, Layer, Shape
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models.errors import GraphError


@dataclass(frozen=True)
class LayerGraph:
    """A network with one image as input and one output (in a classifier, a vector of logits)."""

    input_name: str
    input_size: tuple[int, int, int]
    """(C, H, W)."""
    layers: tuple[Layer, ...]
    """Each layer comes after its inputs."""
    output: str
    ending: str = ""
    """What the source applies to the output last, and the layers leave out; see `ModelCard`."""

    def __post_init__(self) -> None:
        self.shapes()

    def shapes(self) -> dict[str, Shape]:
        """Shape of the input and of every layer's output, by name.

        Raises:
            GraphError: an unknown kind, options or arrays other than the kind's, a duplicate or
                unknown name, shapes that do not fit.

        >>> pool = Layer("pool", "GlobalAveragePooling2DLayer", ("image",))
        >>> LayerGraph("image", (3, 32, 32), (pool,), "pool").shapes()
        {'image': (3, 32, 32), 'pool': (3, 1, 1)}
        """
        shapes: dict[str, Shape] = {self.input_name: self.input_size}
        for layer in self.layers:
            if layer.name in shapes:
                raise GraphError(f"two layers are called {layer.name!r}")
            shapes[layer.name] = output_shape(layer, shapes)
        if self.output not in shapes:
            raise GraphError(f"the output {self.output!r} is not a layer")
        return shapes

    def arrays(self) -> dict[tuple[str, str], Array]:
        """Every array by (layer, property), in the order of the layers and of the vocabulary."""
        return {(la.name, key): array for la in self.layers for key, array in la.arrays.items()}


def output_shape(layer: Layer, shapes: Mapping[str, Shape]) -> Shape:
    """Check a layer against its row of the vocabulary, and return the shape of its output."""
    kind = VOCABULARY.get(layer.kind)
    if kind is None:
        raise GraphError(f"layer {layer.name!r} is of unknown kind {layer.kind!r}")
    if tuple(layer.hyper) != kind.hyper or tuple(layer.arrays) != kind.arrays:
        raise GraphError(
            f"layer {layer.name!r} of kind {layer.kind} has {(*layer.hyper, *layer.arrays)}, "
            f"expected {(*kind.hyper, *kind.arrays)}"
        )
    unknown = [name for name in layer.inputs if name not in shapes]
    if unknown:
        raise GraphError(f"layer {layer.name!r} reads {unknown[0]!r}, which is not before it")
    few = len(layer.inputs) < 2 if kind.inputs is None else len(layer.inputs) != kind.inputs
    if few:
        raise GraphError(
            f"layer {layer.name!r} of kind {layer.kind} has {len(layer.inputs)} inputs, "
            f"expected {kind.inputs or 'two or more'}"
        )
    try:
        return kind.shape(layer, [shapes[name] for name in layer.inputs])
    except GraphError as error:
        raise GraphError(f"layer {layer.name!r} of kind {layer.kind}: {error}") from error
