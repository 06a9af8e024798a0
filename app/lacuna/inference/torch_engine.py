"""A model on torch: for CUDA, and the eager twin that tests hold ONNX Runtime against."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.inference.stored import read_weights

if TYPE_CHECKING:
    from torch import Tensor, nn


class TorchRunner:
    """The parts of a network on one device."""

    engine = "torch"

    def __init__(self, model: Model, config: ModelConfig, device: str, *, half: bool | None = None) -> None:
        """With `half` convolutions run in 16 bits; by itself on CUDA alone."""
        import torch

        from lacuna.networks import building

        tensors = read_weights(model)
        parts = building.built(config)
        building.fill(parts, tensors)
        self.held = sum(4 * values.size for values in tensors.values())
        self._device = torch.device(device)
        # Not bfloat16: its pictures are eight times as far from those of 32 bits, up to 0.06 of white.
        self._half = self._device.type == "cuda" if half is None else half
        self.precision = "float16" if self._half else "float32"
        self._lock = Lock()  # the hooks below are the network's, not the call's
        last: Any = {"memory_format": torch.channels_last}  # which the stubs of `to` do not know
        with out_of_memory():
            self._parts = {name: part.requires_grad_(False).to(self._device, **last) for name, part in parts.items()}

    def run(
        self, part: str, inputs: Mapping[str, NDArray[Any]], progress: Progress, *, everywhere: bool
    ) -> dict[str, NDArray[Any]]:
        with self._lock, out_of_memory(), watched(self._parts[part], progress):
            found = self._passed(part, inputs, self._half, everywhere)
            if self._half and not all(np.isfinite(values).all() for values in found.values()):
                found = self._passed(part, inputs, False, everywhere)  # weights whose maps leave the range of 16 bits
            return found

    def _passed(
        self, part: str, inputs: Mapping[str, NDArray[Any]], half: bool, everywhere: bool
    ) -> dict[str, NDArray[Any]]:
        import torch

        from lacuna.networks.passes import passed

        with torch.inference_mode(), torch.autocast(self._device.type, torch.float16, enabled=half):
            given = {name: self._tensor(values) for name, values in inputs.items()}
            found = passed(self._parts[part], given, everywhere=everywhere)
            return {name: _array(values) for name, values in found.items()}

    def _tensor(self, values: NDArray[Any]) -> Tensor:
        import torch

        return torch.from_numpy(values).to(self._device, memory_format=torch.channels_last)


def _array(values: Tensor) -> NDArray[Any]:
    import torch

    if values.is_floating_point():
        values = values.to(torch.float32)
    return np.ascontiguousarray(values.cpu().numpy())


@contextmanager
def watched(network: nn.Module, progress: Progress) -> Iterator[None]:
    """Before each layer of the network it is asked whether to stop, and said how many of them are done."""
    layers = [module for module in network.modules() if not any(module.children())]
    done = 0

    def before(_module: nn.Module, _inputs: object) -> None:
        nonlocal done
        progress.at(min(1.0, done / len(layers)))
        done += 1

    hooks = [layer.register_forward_pre_hook(before) for layer in layers]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


@contextmanager
def out_of_memory() -> Iterator[None]:
    """Torch's own error for it as everyone's: the engine above tries a smaller size then."""
    import torch

    try:
        yield
    except torch.OutOfMemoryError as error:
        torch.cuda.empty_cache()
        raise MemoryError(str(error)) from error
    except RuntimeError as error:  # on a CPU torch has no class of its own for it
        if "can't allocate memory" in str(error):
            raise MemoryError(str(error)) from error
        raise
