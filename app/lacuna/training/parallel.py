"""Several processes at one training, as `torchrun` starts them: one for each graphics card, on one machine or more."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import nn
from torch.distributed import all_reduce, broadcast, destroy_process_group, init_process_group
from torch.nn.parallel import DistributedDataParallel

EVERY = 10  # steps between two agreements: each makes the processes wait for one another


@dataclass(frozen=True)
class World:
    """This process among the others; alone where `torchrun` did not start it."""

    rank: int
    size: int
    device: torch.device

    @property
    def leads(self) -> bool:
        return self.rank == 0

    def wrapped(self, module: nn.Module) -> nn.Module:
        """The same module, its gradients the mean over all processes."""
        if self.size == 1 or not any(parameter.requires_grad for parameter in module.parameters()):
            return module
        # Buffers stay each process's own: spectral norms are the same wherever the weights are. Torch 2.13 wants
        # another word for that, which 2.11 does not know.
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", FutureWarning)
            return DistributedDataParallel(module, broadcast_buffers=False)

    def same(self, module: nn.Module) -> None:
        """Give all processes the first one's weights and buffers."""
        if self.size > 1:
            for value in module.state_dict().values():
                broadcast(value, 0)

    def agreed(self, number: float) -> float:
        """What the first process says."""
        if self.size == 1:
            return number
        told = torch.tensor([number], dtype=torch.float64, device=self.device)
        broadcast(told, 0)
        return float(told)

    def any(self, here: bool) -> bool:
        """Whether it is so in one of the processes at least."""
        if self.size == 1:
            return here
        told = torch.tensor([float(here)], device=self.device)
        all_reduce(told)
        return bool(told > 0)


@contextmanager
def world(device: str) -> Iterator[World]:
    """This process's place; `device` is "cpu" or "cuda", of which each process on a machine takes its own."""
    size = int(os.environ.get("WORLD_SIZE", "1"))
    place = torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0"))) if device == "cuda" else torch.device(device)
    if place.type == "cuda":
        torch.cuda.set_device(place)
    if size == 1:
        yield World(0, 1, place)
        return
    init_process_group("nccl" if place.type == "cuda" else "gloo")
    try:
        yield World(int(os.environ["RANK"]), size, place)
    finally:
        destroy_process_group()
