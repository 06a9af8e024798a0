"""How EdgeConnect's two networks are trained (Nazeri et al. 2019, section 3): first the edges, then the picture."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn

from lacuna.errors import InvalidParameter
from lacuna.i18n import _
from lacuna.networks.edge_connect import Discriminator, EdgeGenerator, ImageGenerator
from lacuna.training.edges import grey_values
from lacuna.training.losses import alike, gram, guesses, per_hole, sure
from lacuna.training.stage import Batch, Making, Painted, Rates
from lacuna.training.vgg import PERCEPTUAL, STYLE

RATES = Rates(critic=1e-5, betas=(0.0, 0.9), late=0.1)  # "until the losses plateau", then a tenth


class Edges:
    """The edge model: adversarial, and with the critic's own features matched."""

    terms = ("adversarial", "features")
    rates = RATES
    needs_edges, paints, judged = True, False, True

    def __init__(self, making: Making) -> None:
        self.generator = EdgeGenerator(width=making.width, spectral=True)
        _begin(self.generator)
        self.critic = EdgeJudge(Discriminator(2, width=making.critic_width))
        self.weight = making.adversarial

    def paint(self, generator: Callable[..., Any], batch: Batch) -> Painted:
        return (generator(grey_values(batch.image), batch.edges, batch.hole),)

    def losses(self, painted: Painted, batch: Batch) -> dict[str, Tensor]:
        fake = self.critic.maps(batch, painted[0])
        with torch.no_grad():
            real = self.critic.maps(batch, batch.edges)
        return {"adversarial": self.weight * sure(fake[-1], 1.0), "features": 10 * alike(fake, real)}

    def shown(self, painted: Painted, batch: Batch) -> tuple[Tensor, Tensor]:
        """The edges that the network was given, and those it completed."""
        known = batch.edges * (1 - batch.hole)
        return known.expand(-1, 3, -1, -1), (painted[0].float() * batch.hole + known).expand(-1, 3, -1, -1)


class EdgeJudge(nn.Module):
    """Judges edges beside the grey picture that they are of."""

    def __init__(self, critic: Discriminator) -> None:
        super().__init__()
        self.critic = critic

    def maps(self, batch: Batch, edges: Tensor) -> list[Tensor]:
        return self.critic(torch.cat([grey_values(batch.image), edges.float()], 1))

    def forward(self, batch: Batch, painted: Painted) -> Tensor:
        grey = grey_values(batch.image)
        both = torch.cat([torch.cat([grey, batch.edges], 1), torch.cat([grey, painted[0].float()], 1)])
        return guesses(*self.critic(both)[-1].chunk(2))


class Image:
    """The image model: L1, adversarial, perceptual and style terms; features of VGG-19, or else of its critic.

    It sees the true edges of half of the pictures, as in the paper's second stage, and what the edge model completes
    in the others, as in its third: lines that a person draws are as fine as the first, and it also has to fill alone.
    """

    terms = ("l1", "adversarial", "perceptual", "style")
    rates = RATES
    needs_edges, paints = True, True

    def __init__(self, making: Making) -> None:
        if "edges" not in making.learned:
            raise InvalidParameter(
                _("EdgeConnect's image stage needs an edge model."),
                hint=_("Train both stages, or give a folder that has one by --from."),
            )
        self.edges = EdgeGenerator(width=making.width)
        self.edges.load_state_dict(making.learned["edges"])
        self.edges.eval().requires_grad_(False)
        self.generator = ImageGenerator(width=making.width, start=making.start)
        _begin(self.generator)
        self.critic = ImageJudge(Discriminator(3, width=making.critic_width))
        self.vgg = making.vgg
        self.weight = 0.1 * making.adversarial
        self.judged = self.weight > 0

    def paint(self, generator: Callable[..., Any], batch: Batch) -> Painted:
        with torch.no_grad():
            completed = self.edges(grey_values(batch.image), batch.edges, batch.hole).float()
        seen = torch.where((batch.hole > 0) & (batch.guided == 0), completed, batch.edges)
        return generator(batch.given, seen, batch.hole), seen

    def losses(self, painted: Painted, batch: Batch) -> dict[str, Tensor]:
        picture = batch.counted(painted[0])
        terms = {"l1": per_hole(picture, batch.image, batch.hole, batch.worth())}
        if self.judged:
            terms["adversarial"] = self.weight * sure(self.critic.critic(picture)[-1], 1.0)
        if self.judged or self.vgg is not None:  # an untaught critic's features tell nothing
            terms["perceptual"], terms["style"] = self._features(picture, batch)
        return terms

    def _features(self, picture: Tensor, batch: Batch) -> tuple[Tensor, Tensor]:
        """The perceptual term and the style term, weighted."""
        if self.vgg is not None:
            seen, true = self.vgg(picture), self.vgg(batch.image)
            of_hole, true_of_hole = self.vgg(picture * batch.hole), self.vgg(batch.image * batch.hole)
            grams = [[gram(maps[name]) for name in STYLE] for maps in (of_hole, true_of_hole)]
            return 0.1 * alike([seen[n] for n in PERCEPTUAL], [true[n] for n in PERCEPTUAL]), 250 * alike(*grams)
        critic = self.critic.critic
        with torch.no_grad():
            true_maps, true_grams = critic(batch.image), [gram(m) for m in critic(batch.image * batch.hole)[:-1]]
        grams_of_hole = [gram(maps) for maps in critic(picture * batch.hole)[:-1]]
        return alike(critic(picture), true_maps), 250 * alike(grams_of_hole, true_grams)

    def shown(self, painted: Painted, batch: Batch) -> tuple[Tensor, Tensor]:
        """The edges that it painted along, and the picture."""
        return painted[1].float().expand(-1, 3, -1, -1), batch.composite(painted[0])


class ImageJudge(nn.Module):
    """Judges whole pictures, as far as they count."""

    def __init__(self, critic: Discriminator) -> None:
        super().__init__()
        self.critic = critic

    def forward(self, batch: Batch, painted: Painted) -> Tensor:
        return guesses(*self.critic(torch.cat([batch.image, batch.counted(painted[0])]))[-1].chunk(2))


def _begin(generator: nn.Module) -> None:
    """The authors' first weights, N(0, 0.02), and no bias; what starts at zero stays so."""
    for name, parameter in generator.named_parameters():
        if name.endswith("bias") or not bool(parameter.any()):
            nn.init.zeros_(parameter)
        else:
            nn.init.normal_(parameter, std=0.02)
