"""Several processes, started by torchrun: who is who, and what they tell each other.

https://docs.pytorch.org/docs/stable/elastic/run.html lists the variables that torchrun sets.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

import torch
from torch import distributed, nn


@dataclass(frozen=True)
class World:
    """This process among all."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Among those of this machine; the number of the GPU it takes."""


ALONE = World()


def world_from_environment() -> World:
    """As torchrun set it; one process alone without torchrun."""
    rank, size, local = (os.environ.get(k) for k in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if rank is None or size is None:
        return ALONE
    return World(int(rank), int(size), int(local or 0))


@contextmanager
def joined(world: World, device: torch.device, patience: timedelta | None = None) -> Iterator[None]:
    """Join the other processes: over NCCL on CUDA, over gloo elsewhere.

    Args:
        world: of this process.
        device: that it computes on.
        patience: how long to wait for the others; None for PyTorch's default.
    """
    if world.size == 1:
        yield
        return
    backend = "nccl" if device.type == "cuda" else "gloo"
    distributed.init_process_group(backend, timeout=patience)
    try:
        yield
    finally:
        distributed.destroy_process_group()


def averaging(model: nn.Module, world: World, device: torch.device) -> nn.Module:
    """The model whose gradients are averaged over all processes; itself where there is one.

    On CUDA batch norm sees the images of all processes (SyncBatchNorm); on the CPU, for which
    PyTorch has none, each process normalises its own share of a batch.
    """
    if world.size == 1:
        return model
    if device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return nn.parallel.DistributedDataParallel(model, device_ids=[device.index])
    return nn.parallel.DistributedDataParallel(model)


def shared_bytes(content: bytes, world: World, device: torch.device) -> bytes:
    """The first process's bytes, in every process."""
    if world.size == 1:
        return content
    size = torch.tensor([len(content)], device=device)
    distributed.broadcast(size, 0)
    buffer = torch.zeros(int(size.item()), dtype=torch.uint8, device=device)
    if world.rank == 0:
        buffer.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
    if len(buffer):
        distributed.broadcast(buffer, 0)
    return buffer.cpu().numpy().tobytes()


def summed(values: torch.Tensor, world: World) -> torch.Tensor:
    """Sum over all processes, in each."""
    if world.size > 1:
        distributed.all_reduce(values)
    return values


def wait_for_all(world: World) -> None:
    """Return once every process is here."""
    if world.size > 1:
        distributed.barrier()
