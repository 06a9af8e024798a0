"""Whole trainings of every network, small and for a few steps, on the processor."""

from __future__ import annotations

import csv
import math
import os
import subprocess
import sys
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from lacuna.contract.model_config import CONFIG, ModelConfig
from lacuna.contract.models import WEIGHTS, digest
from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import CannotSave, InvalidParameter, UnreadableFile, UnsuitableWeights
from lacuna.networks import building
from lacuna.networks.conventions import Start
from lacuna.networks.edge_connect import EdgeGenerator
from lacuna.training import examples, files, holes, loop, photos
from lacuna.training.chance import Dice
from lacuna.training.feeding import Feeder
from lacuna.training.learner import CRITIC, Learner, plain_weights, take_up
from lacuna.training.log import Log, Means
from lacuna.training.models import MODELS
from lacuna.training.parallel import World
from lacuna.training.plan import Plan
from lacuna.training.stage import Making

CPU = torch.device("cpu")
ALONE = World(0, 1, CPU)
WIDTH = 0.125
TERMS = {
    "deepfill": ("coarse", "refined", "adversarial"),
    "deepfill-v1": ("hole", "known", "adversarial"),
    "edges": ("adversarial", "features"),
    "image": ("l1", "adversarial", "perceptual", "style"),
    "pennet": ("hole", "known", "pyramid", "adversarial"),
}
SIZE = 64
FILLING = [name for name, trainable in MODELS.items() if not trainable.sizes]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture(autouse=True)
def few_examples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(examples, "COUNT", 2)


@pytest.fixture
def plan(pack: Path, tmp_path: Path) -> Callable[..., Plan]:
    def make(model: str, out: str, **other: Any) -> Plan:
        given = {"minutes": None, "steps": 4, "size": SIZE, "width": WIDTH, "batch": 2, **other}
        return Plan(model, (pack,), tmp_path / out, **given)

    return make


def trained(plan: Plan, progress: Progress | None = None) -> list[str]:
    """The lines that the run told."""
    lines: list[str] = []
    loop.train(plan, progress or Progress(), lines.append)
    return lines


def stopped_after(steps: int) -> Progress:
    """Ctrl+C during the step of this number."""
    begun = 0

    def report(_fraction: float, _stage: str) -> None:
        nonlocal begun
        begun += 1
        if begun == steps:
            progress.cancel()

    progress = Progress(report)
    return progress


def learner(model: str, course: int = 0, adversarial: float = 1.0, **learned: Any) -> Learner:
    torch.manual_seed(1)
    making = Making(WIDTH, Start.MEMBRANE, SIZE, adversarial, None, learned)
    return Learner(MODELS[model].courses[course].make(making), ALONE, compiled=False)


@pytest.fixture
def feeder(pack: Path) -> Feeder:
    return Feeder(photos.read([pack]), holes.holes(SIZE, CPU), 2, SIZE, Start.MEMBRANE, edged=True)


@pytest.mark.parametrize("model", FILLING)
def test_a_run_that_was_stopped_and_resumed_gives_every_bit_of_one_in_a_piece(
    model: str, plan: Callable[..., Plan]
) -> None:
    whole, parted = plan(model, "whole"), plan(model, "parted")
    trained(whole)
    with pytest.raises(Cancelled):
        trained(parted, stopped_after(2 if model != "edgeconnect" else 3))
    assert files.read_state(parted.out)[0]["step"] == (2 if model != "edgeconnect" else 3)
    trained(Plan(**{**vars(parted), "resume": True}))

    (standing, state), (other_standing, other) = files.read_state(whole.out), files.read_state(parted.out)
    assert standing["step"] == other_standing["step"] == 4
    assert state.keys() == other.keys()
    assert [key for key in state if not torch.equal(state[key], other[key])] == []
    assert (whole.out / "model" / WEIGHTS).read_bytes() == (parted.out / "model" / WEIGHTS).read_bytes()

    config = ModelConfig.from_json((whole.out / "model" / CONFIG).read_text(encoding="utf-8"))
    assert config.sha256 == {WEIGHTS: digest(whole.out / "model" / WEIGHTS)}
    weights = load_file(whole.out / "model" / WEIGHTS)
    assert {value.dtype for value in weights.values()} == {torch.float16}
    building.fill(building.built(config), {key: value.numpy() for key, value in weights.items()})  # all, and no other

    for course in MODELS[model].courses:
        name = course.part or model
        last = rows(parted.out / f"{name}.csv")[-1]
        assert all(math.isfinite(float(last[term])) for term in (CRITIC, *TERMS[name]))
        sheet = cv2.imread(str(next((parted.out / "sheets").glob(f"{name}-*.png"))))
        assert sheet.shape[0] > 2 * SIZE
        assert sheet.std() > 10


@pytest.mark.parametrize(("model", "course"), [("deepfill", 0), ("deepfill-v1", 0), ("edgeconnect", 1), ("pennet", 0)])
def test_before_the_first_step_a_network_paints_the_soft_fill(model: str, course: int, feeder: Feeder) -> None:
    learned = {"edges": plain_weights(learner("edgeconnect").mean)} if model == "edgeconnect" else {}
    stage = learner(model, course, **learned).stage
    batch = feeder.batch(Dice(0, CPU).at(0))
    with torch.no_grad():
        result = stage.shown(stage.paint(stage.generator, batch), batch)[1]
    assert torch.allclose(result, batch.given, atol=1e-6)


@pytest.mark.parametrize("model", FILLING)
def test_both_sides_learn_and_new_critics_learn_alone(model: str, feeder: Feeder) -> None:
    taught = learner(model)
    dice = Dice(0, CPU)

    def changed(alone: bool) -> tuple[bool, bool]:
        before = {key: value.clone() for key, value in taught.state().items()}
        taught.step(lambda: feeder.batch(dice.at(taught.taken)), alone=alone, at=0.0)
        moved = [key for key, value in taught.state().items() if not torch.equal(before.get(key, value), value)]
        moved = [key for key in moved if ".weight" in key and not key.endswith((".u", ".v"))]
        return any(key.startswith("generator/") for key in moved), any(key.startswith("critic/") for key in moved)

    assert changed(alone=True) == (False, True)
    assert changed(alone=False) == (True, True)


def test_every_network_learns_to_fill_what_it_sees_again_and_again(feeder: Feeder) -> None:
    batch = feeder.batch(Dice(0, CPU).at(1))
    for model, term, falls in (("deepfill", "refined", 0.95), ("deepfill-v1", "hole", 0.97), ("pennet", "hole", 0.98)):
        taught = learner(model)
        taught.rate = 5.0
        lost = [float(taught.step(lambda: batch, alone=False, at=0.0)[term]) for _step in range(16)]
        assert min(lost[-3:]) < falls * lost[0], model


@pytest.mark.parametrize(("model", "course"), [("deepfill", 0), ("deepfill-v1", 0), ("edgeconnect", 0), ("pennet", 0)])
def test_a_network_in_training_is_one_graph_whose_sizes_depend_on_no_hole(
    model: str, course: int, feeder: Feeder
) -> None:
    stage = learner(model, course).stage
    batches = [feeder.batch(Dice(0, CPU).at(step)) for step in range(2)]
    with torch.no_grad():
        expected = [stage.paint(stage.generator.eval(), batch) for batch in batches]
        stage.generator.compile(backend="eager", fullgraph=True, dynamic=False)
        found = [stage.paint(stage.generator, batch) for batch in batches]
    for some, others in zip(expected, found, strict=True):
        assert all(torch.allclose(a, b, atol=1e-5) for a, b in zip(some, others, strict=True))


def test_the_weights_of_a_spectral_network_run_without_its_norms_and_are_taken_up_again(feeder: Feeder) -> None:
    taught = learner("edgeconnect")
    batch = feeder.batch(Dice(0, CPU).at(0))
    for _step in range(2):
        taught.step(lambda: batch, alone=False, at=0.0)
    weights = plain_weights(taught.mean)
    plain = EdgeGenerator(width=WIDTH)
    plain.load_state_dict(weights)
    again = EdgeGenerator(width=WIDTH, spectral=True)
    take_up(again, weights)
    with torch.no_grad():
        painted = [taught.stage.paint(network.eval(), batch)[0] for network in (taught.mean, plain, again)]
    assert torch.allclose(painted[0], painted[1], atol=1e-4)
    assert torch.allclose(painted[1], painted[2], atol=1e-4)


def test_a_later_run_begins_from_the_weights_of_an_earlier_one(plan: Callable[..., Plan]) -> None:
    trained(plan("pennet", "first"))
    earlier = plan("pennet", "first").out / "model"
    trained(plan("pennet", "second", begun_from=earlier, steps=20))
    first, second = (load_file(folder / WEIGHTS) for folder in (earlier, plan("pennet", "second").out / "model"))
    apart = [float((first[key] - second[key]).abs().max()) for key in first]
    assert 0 < max(apart) < 0.05  # a few steps away, and not begun anew
    with pytest.raises(UnsuitableWeights, match="width"):
        trained(plan("pennet", "third", begun_from=earlier, width=0.25))


def test_a_part_of_edgeconnect_is_trained_alone_on_top_of_the_other(plan: Callable[..., Plan]) -> None:
    with pytest.raises(InvalidParameter, match="edge model"):
        trained(plan("edgeconnect", "none", stage="image"))
    trained(plan("edgeconnect", "edges", stage="edges", steps=2))
    edges = load_file(plan("edgeconnect", "edges").out / "model" / WEIGHTS)
    assert {key.split(".")[0] for key in edges} == {"edges"}
    begun = plan("edgeconnect", "both", stage="image", steps=2, begun_from=plan("edgeconnect", "edges").out / "model")
    trained(begun)
    both = load_file(begun.out / "model" / WEIGHTS)
    assert {key.split(".")[0] for key in both} == {"edges", "image"}
    assert all(torch.equal(both[key], value) for key, value in edges.items())


def test_a_run_pauses_by_the_clock_and_goes_on(plan: Callable[..., Plan]) -> None:
    paused = plan("pennet", "out", minutes=1.0, steps=2, pause=1e-9)
    assert not loop.train(paused, Progress(), lambda _line: None).finished
    outcome = loop.train(Plan(**{**vars(paused), "pause": None, "resume": True}), Progress(), lambda _line: None)
    assert (outcome.finished, outcome.step) == (True, 2)


def test_a_run_ends_when_its_minutes_are_over(plan: Callable[..., Plan]) -> None:
    outcome = loop.train(plan("pennet", "out", minutes=0.02, steps=None), Progress(), lambda _line: None)
    assert outcome.finished
    assert outcome.step >= 1
    assert 1.2 <= outcome.seconds < 30


def test_a_run_is_resumed_with_the_settings_that_it_was_begun_with(plan: Callable[..., Plan]) -> None:
    with pytest.raises(UnreadableFile, match="no training"):
        trained(plan("pennet", "out", resume=True))
    trained(plan("pennet", "out"))
    with pytest.raises(InvalidParameter, match="--resume"):
        trained(plan("pennet", "out"))
    with pytest.raises(InvalidParameter, match="batch 2, not 1"):
        trained(plan("pennet", "out", resume=True, batch=1))


@pytest.mark.parametrize(("model", "size"), [("pennet", 96), ("deepfill", 32)])
def test_a_size_that_the_network_cannot_take_is_told(model: str, size: int, plan: Callable[..., Plan]) -> None:
    with pytest.raises(InvalidParameter, match=str(size)):
        trained(plan(model, "out", size=size))


def test_pictures_with_masks_are_measured_in_their_holes(tmp_path: Path, plan: Callable[..., Plan]) -> None:
    folder = tmp_path / "eval"
    folder.mkdir()
    y, x = np.mgrid[:80, :100]
    picture = np.stack([x * x / 40, y * y / 30, 255 - x], 2).astype(np.uint8)
    mask = np.zeros((80, 100), np.uint8)
    mask[30:50, 40:60] = 255
    cv2.imwrite(str(folder / "001-ramp.png"), picture)
    cv2.imwrite(str(folder / "001-ramp-blob.png"), mask)
    trained(plan("pennet", "out", steps=1, evaluation=folder))
    row = rows(plan("pennet", "out").out / "pennet.csv")[-1]
    assert float(row["psnr_soft"]) > 25  # a soft fill continues what is smooth
    assert float(row["psnr"]) > 20
    assert row["psnr_guided"] == ""  # PEN-Net takes no lines


def test_a_state_lies_in_small_files_and_is_read_back_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "LARGEST", 1000)
    torch.manual_seed(0)
    tensors = {f"t{number}": torch.randn(10, 8) for number in range(10)} | {"count": torch.tensor(3)}
    files.write_state(tmp_path, {"step": 7}, tensors)
    written = sorted((tmp_path / "state").glob("*.safetensors"))
    assert len(written) == 4
    standing, read = files.read_state(tmp_path)
    assert standing == {"step": 7}
    assert read.keys() == tensors.keys()
    assert all(torch.equal(read[key], value) for key, value in tensors.items())


def test_a_state_that_could_not_be_written_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files.write_state(tmp_path, {"step": 1}, {"a": torch.zeros(2)})
    write = files.write_atomically

    def full(path: Path, parts: Any) -> int:
        if path.name == files.STANDING:
            raise CannotSave("The disk is full.")
        return write(path, parts)

    monkeypatch.setattr(files, "write_atomically", full)
    with pytest.raises(CannotSave):
        files.write_state(tmp_path, {"step": 2}, {"a": torch.ones(2)})
    assert files.read_state(tmp_path) == ({"step": 1}, {"a": pytest.approx(torch.zeros(2))})


def test_rows_of_steps_that_are_taken_again_leave_the_log(tmp_path: Path) -> None:
    path = tmp_path / "log.csv"
    log = Log(path, ("step", "loss"), 0, lambda _line: None)
    for step in (1, 2, 3):
        log.write({"step": step, "loss": step / 2})
    log.close()
    log = Log(path, ("step", "loss"), 2, lambda _line: None)
    log.write({"step": 3, "loss": 9.0})
    log.close()
    assert path.read_text(encoding="utf-8").split() == ["step,loss", "1,0.5", "2,1", "3,9"]


def test_rows_reach_tensorboard_where_it_is_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[tuple[Any, ...]] = []

    class SummaryWriter:
        def __init__(self, folder: str, purge_step: int) -> None:
            told.append((Path(folder).relative_to(tmp_path).as_posix(), purge_step))

        def add_scalar(self, name: str, value: float, step: int) -> None:
            told.append((name, value, step))

        def close(self) -> None:
            told.append(("closed",))

    module = types.ModuleType("torch.utils.tensorboard")
    vars(module)["SummaryWriter"] = SummaryWriter
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", module)
    monkeypatch.setattr(torch.utils, "tensorboard", module, raising=False)
    log = Log(tmp_path / "pennet.csv", ("step", "loss", "psnr"), 4, lambda _line: None)
    log.write({"step": 5, "loss": 0.5, "psnr": math.nan})
    log.close()
    assert told == [("events/pennet", 5), ("loss", 0.5, 5), ("closed",)]


def test_a_loss_that_is_no_number_any_more_ends_the_run() -> None:
    means = Means()
    means.add({"good": torch.tensor(1.0), "bad": torch.tensor(1.0)})
    means.add({"good": torch.tensor(3.0), "bad": torch.tensor(float("nan"))})
    with pytest.raises(InvalidParameter, match="“bad”"):
        means.taken(2)


def test_means_are_of_the_steps_since_they_were_asked_for() -> None:
    means = Means()
    for value in (1.0, 3.0):
        means.add({"loss": torch.tensor(value)})
    assert means.taken(2) == {"loss": 2.0}
    means.add({"loss": torch.tensor(8.0)})
    assert means.taken(3) == {"loss": 8.0}


def test_two_processes_that_torchrun_starts_train_one_network(pack: Path, tmp_path: Path) -> None:
    words = ["train", "pennet", "--data", str(pack), "--out", str(tmp_path / "out"), "--device", "cpu"]
    words += ["--steps", "2", "--size", "64", "--width", "0.125", "--batch", "1"]
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "torch.distributed.run",
            "--standalone",
            "--nproc-per-node",
            "2",
            "-m",
            "lacuna",
            *words,
        ],
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("2 steps in") == 1  # one of them speaks
    config = ModelConfig.from_json((tmp_path / "out" / "model" / CONFIG).read_text(encoding="utf-8"))
    assert "2 steps of 2 crops" in config.source


@pytest.mark.parametrize(
    ("model", "left"),
    [
        ("deepfill", TERMS["deepfill"][:-1]),
        ("deepfill-v1", TERMS["deepfill-v1"][:-1]),
        ("edgeconnect", ("l1",)),  # its image stage: without VGG-19 the other terms are of the critic's features
        ("pennet", TERMS["pennet"][:-1]),
    ],
)
def test_a_critic_without_weight_is_neither_asked_nor_taught(model: str, left: tuple[str, ...], feeder: Feeder) -> None:
    learned = {"edges": EdgeGenerator(width=WIDTH).state_dict()} if model == "edgeconnect" else {}
    taught = learner(model, len(learned), adversarial=0.0, **learned)
    critic = {key: value.clone() for key, value in taught.stage.critic.state_dict().items()}

    def asked(*_args: Any) -> None:
        pytest.fail("The critic was asked.")

    for module in taught.stage.critic.modules():
        module.register_forward_pre_hook(asked)
    terms = taught.step(lambda: feeder.batch(Dice(0, CPU, 0).at(1)), alone=False, at=0.0)
    assert tuple(terms) == left
    assert all(torch.equal(critic[key], value) for key, value in taught.stage.critic.state_dict().items())
