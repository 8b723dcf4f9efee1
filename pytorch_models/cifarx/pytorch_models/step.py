"""One training step, executed directly or captured once as a CUDA graph and replayed."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor, nn

from cifarx.pytorch_models.distributed import World
from cifarx.pytorch_models.recipe import Recipe
from cifarx.pytorch_models.resident import Resident

_WARM_UP = 3  # direct steps before the capture, in which libraries choose algorithms and allocate


class Step:
    """Forward pass, backward pass and optimizer step; sums loss and hits on the device."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        data: Resident,
        recipe: Recipe,
        world: World,
    ) -> None:
        """Args: see `train.train`; with several processes, `model` must average gradients."""
        self._model, self._optimizer, self._data = model, optimizer, data
        self._recipe, self._world = recipe, world
        device = data.labels.device
        self._channels_last = device.type == "cuda"
        self.loss_sum = torch.zeros((), device=device)
        self.correct = torch.zeros((), device=device, dtype=torch.int64)

    def __call__(self, index: Tensor) -> None:
        """Train on the images at `index`, (n,) int64, in batches of `batch_size`.

        The gradient is that of the mean loss over all n images of all processes.
        """
        self._optimizer.zero_grad(set_to_none=True)
        batches = torch.split(index, self._recipe.batch_size)
        for i, batch in enumerate(batches):
            with self._accumulating(last=i == len(batches) - 1):
                self._backward(batch, len(index))
        self._optimizer.step()

    def _backward(self, batch: Tensor, total: int) -> None:
        own = batch[self._world.rank :: self._world.size]
        weight = len(own) / total * self._world.size  # the processes' gradients are averaged
        if not len(own):  # a process without images must still take part: one image of weight 0
            own = batch[:1]
        x, y = self._data.batch(own, self._recipe.augment)
        if self._channels_last:
            x = x.contiguous(memory_format=torch.channels_last)
        with precision(self._recipe, x.device):
            logits = self._model(x)  # (n, K)
            loss = nn.functional.cross_entropy(
                logits, y, label_smoothing=self._recipe.label_smoothing
            )
        (loss * weight).backward()  # type: ignore[no-untyped-call]
        counted = weight * total / self._world.size
        self.loss_sum += loss.detach() * counted  # on the device, without synchronisation
        if counted:
            self.correct += (logits.detach().argmax(1) == y).sum()

    def _accumulating(self, *, last: bool) -> AbstractContextManager[object]:
        """Let the processes exchange gradients once per step, after its last batch."""
        if last or not isinstance(self._model, nn.parallel.DistributedDataParallel):
            return nullcontext()
        return self._model.no_sync()


class CapturedStep:
    """The same step as a CUDA graph: one launch from the host instead of several hundred.

    The first steps, and steps of another size, are executed directly. See "Whole-network capture":
    https://docs.pytorch.org/docs/stable/notes/cuda.html
    """

    def __init__(self, step: Step, size: int) -> None:
        """Capture `step` for `size` images."""
        self._step, self._size = step, size
        self._done = 0
        self._graph: torch.cuda.CUDAGraph | None = None
        self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        self._index = torch.zeros(size, dtype=torch.int64, device="cuda")

    def __call__(self, index: Tensor) -> None:
        """Do the same as `Step`."""
        if len(index) != self._size:
            self._step(index)
        elif self._done < _WARM_UP:
            self._done += 1
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                self._step(index)
            torch.cuda.current_stream().wait_stream(self._stream)
        else:
            self._index.copy_(index)
            if self._graph is None:
                self._graph = torch.cuda.CUDAGraph()
                with torch.cuda.graph(self._graph):  # records without computing
                    self._step(self._index)
            self._graph.replay()


def make_step(
    step: Step, recipe: Recipe, device: torch.device, world: World
) -> Callable[[Tensor], None]:
    """Return a step that is captured if possible, that is, on CUDA in a single process."""
    if device.type == "cuda" and world.size == 1:
        return CapturedStep(step, recipe.step_size)
    return step


def precision(recipe: Recipe, device: torch.device) -> AbstractContextManager[object]:
    """Return a context with the recipe's precision; float32 and tf32 need no context.

    The bfloat16 copies of the weights are not cached, since a CUDA graph could not update a cache.
    """
    if recipe.precision == "bf16":
        return torch.autocast(device.type, dtype=torch.bfloat16, cache_enabled=False)
    return nullcontext()


def set_precision(recipe: Recipe) -> None:
    """Allow TF32 in CUDA's convolutions and matrix products only if the recipe asks for it."""
    allowed = recipe.precision == "tf32"
    torch.backends.cudnn.allow_tf32 = allowed
    torch.backends.cuda.matmul.allow_tf32 = allowed
    torch.backends.cudnn.benchmark = True  # sizes change only in the last step of an epoch
