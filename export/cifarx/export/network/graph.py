"""`LayerGraph`: the framework-neutral network that every reader makes and every writer reads.

Its layers are of the kinds of `vocabulary`; arrays keep PyTorch's axis order and are float32.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from cifarx.export.network.interface import Input, Output
from cifarx.export.network.layer import Array, Layer, Shape
from cifarx.export.network.vocabulary import VOCABULARY
from cifarx.pytorch_models.errors import GraphError


@dataclass(frozen=True)
class LayerGraph:
    """A network with one or more inputs and outputs."""

    inputs: tuple[Input, ...]
    layers: tuple[Layer, ...]
    """Each layer comes after its inputs."""
    outputs: tuple[Output, ...]
    ending: str = ""
    """What the source applies to the output last, and the layers leave out; see `ModelCard`."""

    def __post_init__(self) -> None:
        self.output_shapes()

    def shapes(self) -> dict[str, Shape]:
        """Shape of every input and of every layer's output, by name.

        Raises:
            GraphError: an unknown kind, options or arrays other than the kind's, a duplicate or
                unknown name, shapes that do not fit.

        >>> pool = Layer("pool", "GlobalAveragePooling2DLayer", ("image",))
        >>> LayerGraph((Input("image", (3, 32, 32)),), (pool,), (Output("pool"),)).shapes()
        {'image': (3, 32, 32), 'pool': (3, 1, 1)}
        """
        shapes: dict[str, Shape] = {}
        for given in self.inputs:
            if given.name in shapes:
                raise GraphError(f"two inputs are called {given.name!r}")
            shapes[given.name] = given.carried
        for layer in self.layers:
            if layer.name in shapes:
                raise GraphError(f"two layers are called {layer.name!r}")
            shapes[layer.name] = output_shape(layer, shapes)
        return shapes

    def output_shapes(self) -> tuple[Shape, ...]:
        """Shape of every output as the source has it, without the batch.

        Raises:
            GraphError: as `shapes`, or an output is not that of a layer, or not of its size.
        """
        shapes = self.shapes()
        names = {layer.name for layer in self.layers}
        found = []
        for output in self.outputs:
            if output.layer not in names:
                raise GraphError(f"the output {output.layer!r} is not a layer")
            shape = shapes[output.layer] if output.shape is None else output.shape
            if math.prod(shape) != math.prod(shapes[output.layer]):
                raise GraphError(
                    f"the output {output.name!r} of {shape} is not as large as {output.layer!r}"
                )
            found.append(shape)
        if len({output.name for output in self.outputs}) != len(found) or not found:
            raise GraphError("the outputs have no names of their own, or there are none")
        return tuple(found)

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
