"""Meta-SR on torch: for CUDA, where features stay on the card, and the eager twin for tests."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np

from lacuna.contract.model_config import ModelConfig
from lacuna.contract.models import Model
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import ALL_ENDS, Ends
from lacuna.inference import cost
from lacuna.inference.enlarging import WHITE, Picture, planes
from lacuna.inference.session import require_numbers
from lacuna.inference.stored import read_weights
from lacuna.inference.torch_engine import out_of_memory, watched
from lacuna.networks.meta_sr_sizes import reach
from lacuna.networks.positions import Pane


class TorchEnlarger:
    """The network on one device. The extractor runs in 16 bits on CUDA, the predictor never: see `networks.meta_sr`.

    Beyond a part it sees zeros, whatever ends there.
    """

    engine = "torch"

    def __init__(self, model: Model, config: ModelConfig, device: str, *, half: bool | None = None) -> None:
        import torch

        from lacuna.networks import building

        tensors = read_weights(model)
        parts = building.built(config)
        building.fill(parts, tensors)
        self.config = config
        self.reach = reach(config.network, config.sizes)
        self.held = sum(4 * values.size for values in tensors.values())
        self._device = torch.device(device)
        self._half = self._device.type == "cuda" if half is None else half
        self._lock = Lock()  # the hooks that watch are the network's, not the call's
        with out_of_memory():
            self._network: Any = parts["enlarge"].requires_grad_(False).to(self._device)

    def bytes_for(self, height: int, width: int) -> int:
        return self.held + cost.bytes_for(self.config, height, width)

    def features(self, image: Picture, progress: Progress, ends: Ends = ALL_ENDS) -> Any:
        with self._lock, out_of_memory(), watched(self._network.extractor, progress):
            found = self._extracted(image, self._half)
            if self._half and not bool(found.isfinite().all()):
                found = self._extracted(image, False)  # weights whose maps leave the range of 16 bits
            return found

    def points(self, features: Any, pane: Pane, progress: Progress) -> Picture:
        import torch

        with self._lock, out_of_memory(), torch.inference_mode():
            points = self._network.enlarged(features, pane, progress)
            found: Picture = np.ascontiguousarray((points[0] / float(WHITE)).permute(1, 2, 0).cpu().numpy())
        require_numbers(found, self.config.title)
        progress.at(1.0)
        return found

    def _extracted(self, image: Picture, half: bool) -> Any:
        import torch

        last: Any = {"memory_format": torch.channels_last}  # which the stubs of `to` do not know
        with torch.inference_mode(), torch.autocast(self._device.type, torch.float16, enabled=half):
            return self._network.features(torch.from_numpy(planes(image)).to(self._device, **last)).float()
