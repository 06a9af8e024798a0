"""One stage while it learns: its optimisers, the mean of its weights, and one step of both sides."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils.parametrize import ParametrizationList
from torch.optim import Adam

from lacuna.errors import UnsuitableWeights
from lacuna.i18n import _
from lacuna.networks.spectral import SpectralNorm
from lacuna.training.growing import grown
from lacuna.training.parallel import World
from lacuna.training.stage import Stage

MEMORY = 0.999  # of the mean of weights; shorter at first
CRITIC = "critic"  # the name of the critics' loss among the terms


class Learner:
    """Trains `stage` on `world.device`. `mean` is a copy of the generator with the mean of its weights: the product."""

    def __init__(
        self, stage: Stage, world: World, *, compiled: bool, rate: float = 1.0, half: bool | None = None
    ) -> None:
        self.stage, self.world, self.rate = stage, world, rate
        self.half = world.device.type == "cuda" if half is None else half
        self.taken = 0  # steps of the generator
        device = world.device
        for module in (stage.generator, stage.critic):
            module.to(device).to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
            world.same(module)
        self.mean = copy.deepcopy(stage.generator).eval().requires_grad_(False)
        if compiled:
            stage.generator.compile()
        self._generator, self._critic = world.wrapped(stage.generator), world.wrapped(stage.critic)
        fused = device.type == "cuda"
        self._optimisers = {
            part: Adam(parameters, betas=stage.rates.betas, fused=fused)
            for part, module in (("generator", stage.generator), ("critic", stage.critic))
            if (parameters := list(module.parameters()))
        }

    def step(self, batches: Callable[[], Any], *, alone: bool, at: float) -> dict[str, Tensor]:
        """One step; the terms of its losses. `alone`: of the critics, for new ones have to catch up with old weights.

        `at` is how much of the time is over: towards its end the rates fall, as the stage wants it.
        """
        self._set_rates(at)
        judged = self.stage.judged
        for _extra in range(self.stage.rates.critic_steps - 1 if judged else 0):
            batch = batches()
            with torch.no_grad(), self.precision():
                painted = self.stage.paint(self._generator, batch)
            self._teach_critic(batch, painted)
        batch = batches()
        with torch.set_grad_enabled(not alone), self.precision():
            painted = self.stage.paint(self._generator, batch)
        found: dict[str, Tensor] = {}
        if judged:
            found[CRITIC] = self._teach_critic(batch, tuple(part.detach() for part in painted))
        if alone:
            return found
        with _frozen(self.stage.critic), self.precision():
            terms = self.stage.losses(painted, batch)
        self._follow("generator", torch.stack([term.float() for term in terms.values()]).sum())
        self._remember()
        return {**{name: term.detach() for name, term in terms.items()}, **found}

    def precision(self) -> torch.autocast:
        """16 bits for what is multiplied: by itself on a graphics card, where that is asked for on a processor."""
        return torch.autocast(self.world.device.type, torch.bfloat16, enabled=self.half)

    def state(self) -> dict[str, Tensor]:
        """Everything that another learner of the same stage needs to go on exactly here."""
        found = {"taken": torch.tensor(self.taken)}
        for part, module in self._modules().items():
            found |= {f"{part}/{key}": value for key, value in module.state_dict().items()}
        for part, optimiser in self._optimisers.items():
            for index, values in optimiser.state_dict()["state"].items():
                found |= {f"{part}-adam/{index}/{key}": value for key, value in values.items()}
        return found

    def load(self, state: dict[str, Tensor]) -> None:
        """What `state` gave."""
        self.taken = int(state["taken"])
        for part, module in self._modules().items():
            module.load_state_dict(_below(f"{part}/", state))
        for part, optimiser in self._optimisers.items():
            moments: dict[int, dict[str, Tensor]] = {}
            for key, value in _below(f"{part}-adam/", state).items():
                index, name = key.split("/")
                moments.setdefault(int(index), {})[name] = value
            optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})

    def _modules(self) -> dict[str, nn.Module]:
        return {"generator": self.stage.generator, "mean": self.mean, "critic": self.stage.critic}

    def _teach_critic(self, batch: Any, painted: tuple[Tensor, ...]) -> Tensor:
        with self.precision():
            loss = self._critic(batch, painted)
        self._follow("critic", loss)
        return loss.detach()

    def _follow(self, part: str, loss: Tensor) -> None:
        optimiser = self._optimisers[part]
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        optimiser.step()

    def _set_rates(self, at: float) -> None:
        rates = self.stage.rates
        factor = self.rate * rates.factor(at)
        for part, optimiser in self._optimisers.items():
            for group in optimiser.param_groups:
                group["lr"] = factor * (rates.generator if part == "generator" else rates.critic)

    @torch.no_grad()
    def _remember(self) -> None:
        self.taken += 1
        share = 1 - min(MEMORY, self.taken / (self.taken + 9))
        torch._foreach_lerp_(list(self.mean.parameters()), list(self.stage.generator.parameters()), share)
        for mine, theirs in zip(self.mean.buffers(), self.stage.generator.buffers(), strict=True):
            mine.copy_(theirs)


def plain_weights(generator: nn.Module) -> dict[str, Tensor]:
    """The weights that run, under the keys of the network without spectral norms, which are folded in."""
    network = copy.deepcopy(generator)
    settle(network)
    state = {}
    for key, value in network.state_dict().items():
        if ".parametrizations.weight." not in key:
            state[key] = value
        elif key.endswith(".original"):
            name = key.split(".parametrizations.")[0]
            layer: Any = network.get_submodule(name)
            state[f"{name}.weight"] = layer.weight.detach()
    return {key: value.cpu() for key, value in state.items()}


def take_up(generator: nn.Module, weights: dict[str, Tensor]) -> None:
    """Begin from the weights that `plain_weights` gave, of the same network or of a smaller one that can be grown.

    Raises UnsuitableWeights for others.
    """
    own = generator.state_dict()
    normed = {key: key.replace(".weight", ".parametrizations.weight.original") for key in weights}
    given = {normed[key] if normed[key] in own else key: value.float() for key, value in weights.items()}
    vectors = {key: value for key, value in own.items() if key.endswith((".0.u", ".0.v"))}
    try:
        generator.load_state_dict(grown({**vectors, **given}, generator))
    except RuntimeError as error:  # what is missing, too much or of another shape, a line each
        sentence = _("These are not the weights of “{name}”: {misfits}.")
        misfits = "; ".join(line.strip().rstrip(".") for line in str(error).splitlines()[1:])
        raise UnsuitableWeights(sentence.format(name=type(generator).__name__, misfits=misfits)) from error
    settle(generator)


def settle(network: nn.Module, passes: int = 30) -> None:
    """Let the vectors of the spectral norms, if there are any, find the largest singular value of their weights."""
    for module in network.modules():
        if isinstance(module, ParametrizationList) and isinstance(module[0], SpectralNorm):
            before = module.training
            module.train()
            with torch.no_grad():
                for _pass in range(passes):
                    module()
            module.train(before)


def _below(prefix: str, state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix(prefix): value for key, value in state.items() if key.startswith(prefix)}


@contextmanager
def _frozen(module: nn.Module) -> Iterator[None]:
    """Gradients go through the module, but not into it."""
    module.requires_grad_(False)
    try:
        yield
    finally:
        module.requires_grad_(True)
