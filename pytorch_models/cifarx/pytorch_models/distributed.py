"""Train in several processes that torchrun started.

https://docs.pytorch.org/docs/stable/elastic/run.html lists the environment variables that torchrun
sets.
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
    """The place of this process among all processes of a training."""

    rank: int = 0
    size: int = 1
    local_rank: int = 0
    """Rank among the processes of this machine; also the index of the GPU to use."""


ALONE = World()


def world_from_environment() -> World:
    """Read the variables that torchrun sets; without them the process is alone."""
    rank, size, local = (os.environ.get(k) for k in ("RANK", "WORLD_SIZE", "LOCAL_RANK"))
    if rank is None or size is None:
        return ALONE
    return World(int(rank), int(size), int(local or 0))


@contextmanager
def joined(world: World, device: torch.device, patience: timedelta | None = None) -> Iterator[None]:
    """Join the other processes for the block: over NCCL on CUDA, over Gloo elsewhere.

    Args:
        world: the place of this process.
        device: the device that it computes on.
        patience: how long to wait for the other processes; None is PyTorch's default.
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
    """Wrap the model so that gradients are averaged over all processes.

    A process that is alone gets the model itself. On CUDA, batch norm uses the images of all
    processes (SyncBatchNorm). PyTorch has no SyncBatchNorm for the CPU; there each process
    normalises its own share of a batch.
    """
    if world.size == 1:
        return model
    if device.type == "cuda":
        model = nn.SyncBatchNorm.convert_sync_batchnorm(model)  # type: ignore[no-untyped-call]
        return nn.parallel.DistributedDataParallel(model, device_ids=[device.index])
    return nn.parallel.DistributedDataParallel(model)


def shared_bytes(content: bytes, world: World, device: torch.device) -> bytes:
    """Return the bytes of the first process in every process."""
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
    """Sum over all processes; every process gets the sum."""
    if world.size > 1:
        distributed.all_reduce(values)
    return values


def wait_for_all(world: World) -> None:
    """Return once all processes have called this function."""
    if world.size > 1:
        distributed.barrier()
