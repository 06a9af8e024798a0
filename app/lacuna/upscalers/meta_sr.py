"""Any factor by one network: Meta-SR, with whichever of its models is installed."""

from __future__ import annotations

import textwrap

from lacuna.contract import models
from lacuna.contract.choosing import chosen
from lacuna.contract.enlargement import Rule
from lacuna.contract.fill import Runtime
from lacuna.contract.model_config import ENLARGING
from lacuna.contract.models import Model
from lacuna.contract.params import Suggestion
from lacuna.contract.progress import Progress
from lacuna.contract.upscale import Enlarged, UpscaleNeeds, UpscaleWork
from lacuna.errors import UnknownModel
from lacuna.i18n import N_, _

MOST = 4  # the greatest factor that the networks were trained with
LONGEST_LICENCE = 200  # letters that are told of it
FEATURES_SHARE = 0.9  # of the progress of a part

# Multiplications a second on one core of a laptop, as ONNX Runtime does them in the extractor, and in the last layer.
RATE = 40e9
POINT_RATE = 12e9


class MetaSr:
    """The network sees a part once, and gives any points of it (Hu et al. 2019)."""

    id = "meta-sr"
    name = N_("Network (Meta-SR)")
    summary = N_("Sharper than any plain enlarging, by whatever factor.")

    def __init__(self) -> None:
        self._runtime = Runtime()

    def needs(self, model: str) -> UpscaleNeeds:
        from lacuna.inference import cost
        from lacuna.networks import meta_sr_sizes

        found, missing = self._choice(model)
        if found is None or found.config is None:
            return UpscaleNeeds(missing=missing, devices=frozenset({"cpu", "cuda"}), most=MOST)
        config = found.config
        rule = Rule(config.conventions)
        reach = meta_sr_sizes.reach(config.network, config.sizes)
        return UpscaleNeeds(
            model=found.name,
            devices=frozenset({"cpu", "cuda"}),
            rule=rule,
            # As published, a point that lies at the beginning of a pixel may be taken for one of the pixel before.
            reach=reach + (rule is Rule.PUBLISHED),
            rim=reach if rule is Rule.EXACT else 0,  # see `inference.mirrored`
            most=MOST,
            least_bytes=found.size + cost.bytes_for(config, 0, 0),
            bytes_per_pixel=(cost.bytes_for(config, 1024, 1024) - cost.bytes_for(config, 0, 0)) / 1024**2,
            part_seconds=1e6 * meta_sr_sizes.multiplications(config.network, config.sizes) / RATE,
            point_seconds=1e6 * 27 * config.sizes["features"] / POINT_RATE,
        )

    def models(self) -> tuple[Suggestion, ...]:
        return tuple(Suggestion(model.name, model.title, _about(model)) for model in models.known(*sorted(ENLARGING)))

    def load(self, runtime: Runtime) -> None:
        from lacuna.inference import session
        from lacuna.networks.positions import Pane

        self._session, self._pane = session, Pane
        self._runtime = runtime

    def unload(self) -> None:
        self._session.closed()

    def enlarge(self, work: UpscaleWork, model: str, progress: Progress) -> Enlarged:
        found, missing = self._choice(model)
        if found is None:
            raise UnknownModel(missing)
        enlarger = self._session.opened_enlarger(found, self._runtime)
        at = work.points
        pane = self._pane(work.enlargement, at.y0, at.x0, at.y1, at.x1, row=work.row, column=work.column)
        features = enlarger.features(work.image, progress.part(FEATURES_SHARE), work.ends)
        return Enlarged(enlarger.points(features, pane, progress.part(1 - FEATURES_SHARE)))

    def _choice(self, name: str) -> tuple[Model | None, str]:
        """The model of this name, or the best there is; or why there is none, with what helps."""
        nothing = _("No model that enlarges is installed. “lacuna models import FILE --as NAME” brings one.")
        return chosen(name, tuple(sorted(ENLARGING)), self.id, nothing)


def _about(model: Model) -> str:
    """How near to the truth it comes and what its weights allow, for who chooses between two; "" if unknown."""
    told = []
    if model.licence:
        licence = textwrap.shorten(model.licence, LONGEST_LICENCE, placeholder="…")
        told.append(_("Licence: {value}").format(value=licence))
    if model.config is not None and model.config.psnr is not None:
        told.append(_("At twice the size {psnr:.2f} dB (PSNR).").format(psnr=model.config.psnr))
    return "\n".join(told)
