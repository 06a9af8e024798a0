"""Published files become models of ours that compute the same; what does not fit is named, and leaves nothing."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn

from lacuna.contract import models
from lacuna.contract.enlargement import Rule, by_factor
from lacuna.contract.model_config import ModelConfig, Network
from lacuna.contract.progress import Cancelled, Progress
from lacuna.errors import (
    CannotSave,
    InvalidParameter,
    UnreadableFile,
    UnsuitableWeights,
    UnsupportedFormat,
)
from lacuna.inference import importing, published
from lacuna.inference.importing import converted, found, install
from lacuna.networks import building, deepfill_layouts, pen_net_layouts
from tests.inference import checkpoints
from tests.inference.checkpoints import EDGES, IMAGE, File, light, light_pen_net, shapes, write
from tests.networks.published import Numbers, entries, weights

pytestmark = pytest.mark.usefixtures("no_graphs")

TOLERANCE = 5e-4
ROOT = Path(__file__).parents[2]


def parts(paths: Sequence[Path], variant: str = "") -> tuple[ModelConfig, dict[str, nn.Module]]:
    """What the files say, as networks: the way into a folder and out of it again, without the folder."""
    config, tensors = converted(found(paths, variant), Progress())
    networks = building.built(config)
    building.fill(networks, tensors)
    return config, networks


def planes(case: Numbers) -> tuple[torch.Tensor, torch.Tensor]:
    """The picture (1, 3, H, W) in [-1, 1] and its hole, as the networks but EdgeConnect's want them."""
    image = torch.from_numpy(case.arrays["image_u8"].transpose(2, 0, 1)[None] / np.float32(127.5) - 1)
    return image, torch.from_numpy((case.arrays["mask_u8"] > 127).astype(np.float32)[None, None])


DEEPFILL = [
    (checkpoints.DEEPFILL_V1, "", "pytorch-v1", "deepfill-v1/pt_c64_free"),
    (checkpoints.DEEPFILL_V1_TENSORFLOW, "", "tensorflow", "deepfill-v1/tf_c72x88_free"),
    (checkpoints.DEEPFILL_V2_PT, "", "pt", "deepfill-v2/pt_c64_free"),
    (checkpoints.DEEPFILL_V2_PTTF, "", "pttf-fused", "deepfill-v2/pttfB_c72x88_free"),
    (checkpoints.DEEPFILL_V2_PTTF, "pttf", "pttf", "deepfill-v2/pttfA_c64_free"),
    (checkpoints.DEEPFILL_V2_TENSORFLOW, "", "tensorflow", "deepfill-v2/tf_c72x88_free"),
    (checkpoints.DEEPFILL_V2_TENSORFLOW_GUIDED, "", "tensorflow", "deepfill-v2/tf_g64_free"),
]


@pytest.mark.parametrize(("file", "variant", "conventions", "case"), DEEPFILL)
def test_an_imported_deepfill_computes_what_the_published_one_does(
    tmp_path: Path, file: File, variant: str, conventions: str, case: str
) -> None:
    config, networks = parts([file.write(tmp_path)], variant)
    numbers = Numbers(case)
    guide = numbers.arrays.get("guide_u8")
    assert (config.network, config.conventions, config.width) == (case.split("/")[0], conventions, 1)
    assert config.guided == (guide is not None)
    assert config.colours == ("bgr" if conventions == "tensorflow" else "rgb")
    lines = [] if guide is None else [torch.from_numpy((guide / 255 > 0.6).astype(np.float32)[None, None])]
    with torch.inference_mode():
        stages = networks["fill"](*planes(numbers), *lines)
    assert numbers.farthest("stage1", stages.coarse) < TOLERANCE
    assert numbers.farthest("stage2", stages.refined) < TOLERANCE


def test_an_imported_pen_net_computes_what_the_published_one_does(tmp_path: Path) -> None:
    config, networks = parts([checkpoints.PEN_NET.write(tmp_path)])
    numbers = Numbers("pen-net/pt_c64_box")
    with torch.inference_mode():
        image, _pyramid = networks["fill"](*planes(numbers))
    assert numbers.farthest("output", image) < TOLERANCE
    assert (config.network, config.licence) == (Network.PEN_NET, "MIT")


META_SR = [(checkpoints.META_RDN, "meta-rdn"), (checkpoints.META_EDSR, "meta-edsr")]


@pytest.mark.parametrize(("file", "network"), META_SR)
def test_an_imported_meta_sr_has_the_size_of_the_file_and_computes_what_the_published_one_does(
    tmp_path: Path, file: File, network: str
) -> None:
    config, networks = parts([file.write(tmp_path)])
    assert (config.network, config.conventions, config.width) == (network, "published", 1)
    numbers = Numbers("meta-sr/rdnB_d2_strip_x2.70" if network == "meta-rdn" else "meta-sr/edsr_b4f32_x2.70")
    if network == "meta-edsr":
        assert config.sizes["residual"] == 1
        for block in networks["enlarge"].extractor.blocks:
            block.scale = 0.1  # as the fixtures have it: no file tells
    picture = numbers.tensor("input")
    with torch.inference_mode():
        enlarged = networks["enlarge"](picture, by_factor(*picture.shape[-2:], 2.7, Rule.PUBLISHED))
    assert numbers.farthest("out", enlarged) < 2e-3


def test_a_key_of_meta_sr_that_is_missing_or_too_much_is_named(tmp_path: Path) -> None:
    whole = weights(entries(checkpoints.META_SR, "metardn_B_d2"))
    for change, said in (
        ({"RDBs.1.LFF.bias": None}, "RDBs.1.LFF.bias is missing"),
        ({"RDBs.0.convs.3.conv.0.weight": None}, "RDBs.0.convs.3.conv.0.weight is missing"),
        ({"GFF.2.weight": whole["GFF.1.bias"]}, "GFF.2.weight is unknown"),
        ({"RDBs.2.LFF.weight": whole["GFF.1.bias"]}, "RDBs.2.LFF.bias is missing"),
        ({"RDBs.99999.LFF.weight": whole["GFF.1.bias"]}, "RDBs.99999.LFF.weight is unknown"),
        ({"P2W.meta_block.2.weight": whole["GFF.1.bias"]}, "P2W.meta_block.2.weight has the shape 64, not 1728 x 256"),
    ):
        changed = {name: value for name, value in (whole | change).items() if value is not None}
        with pytest.raises(UnsuitableWeights, match=r"model_7\.pt cannot be imported") as raised:
            found([write(tmp_path / "model_7.pt", changed)])
        assert said in raised.value.misfits


@pytest.fixture(scope="module")
def edge_connect(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with both files of EdgeConnect, and others that lie beside them as published."""
    folder = tmp_path_factory.mktemp("places2")
    for file in (EDGES, IMAGE):
        file.write(folder)
    (folder / "config.yml").write_text("MODE: 2")
    (folder / "EdgeModel_dis.pth").write_bytes(b"of a training")
    return folder


@pytest.mark.parametrize(
    "named", [[EDGES.name, IMAGE.name], [IMAGE.name, EDGES.name], ["."]], ids=["in order", "turned round", "a folder"]
)
def test_the_two_files_of_edge_connect_are_one_model_in_any_order(edge_connect: Path, named: list[str]) -> None:
    recognised = found([edge_connect / name for name in named])
    assert recognised.config.network is Network.EDGE_CONNECT
    assert {reading.published.part for reading in recognised.readings} == {"edges", "image"}


def test_an_imported_edge_connect_computes_what_the_published_one_does(edge_connect: Path) -> None:
    config, networks = parts([edge_connect])
    numbers = Numbers("edgeconnect/c64x64_free")
    picture, hole = planes(numbers)
    with torch.inference_mode():
        edges = networks["edges"](numbers.tensor("gray"), numbers.tensor("canny_known"), hole)
        image = networks["image"](picture / 2 + 0.5, edges, hole)
    assert numbers.farthest("edge.out", edges) < TOLERANCE
    assert numbers.farthest("mode3.out", image) < TOLERANCE
    for file in (EDGES, IMAGE):
        assert f"{file.name} (SHA-256 {models.digest(edge_connect / file.name)})" in config.source


LOOKED_AT = """
import sys
from pathlib import Path
from lacuna.inference.importing import found

for file in sys.argv[1:]:
    found([Path(file)])
assert "torch" in sys.modules
print(*sorted({"sympy", "torch._dynamo", "torch._inductor"} & sys.modules.keys()))
"""


def test_looking_at_files_loads_nothing_of_what_compiles_networks(tmp_path: Path, edge_connect: Path) -> None:
    """Those are a thousand modules: seconds of work, and beside a busy window many more."""
    port = write(tmp_path / "states_tf_x.pth", light(deepfill_layouts.V2_PTTF), "G")
    named = [str(path) for path in (edge_connect, port, light_pen_net(tmp_path))]
    told = subprocess.run(
        [sys.executable, "-c", LOOKED_AT, *named], cwd=ROOT, env=os.environ | {"PYTHONPATH": "app"},
        capture_output=True, text=True, timeout=120, check=True,
    )  # fmt: skip
    assert told.stdout.split() == []


def test_one_file_of_edge_connect_alone_is_refused_with_the_name_of_the_other(edge_connect: Path) -> None:
    with pytest.raises(UnsuitableWeights, match=r"InpaintingModel_gen\.pth is missing"):
        found([edge_connect / EDGES.name])


@pytest.mark.parametrize("part", published.PUBLISHED, ids=lambda part: part.layout.name)
def test_every_published_part_is_one_of_its_network(part: published.Published) -> None:
    sizes = {} if part.any_size is None else part.any_size.sizes({})
    config = ModelConfig(part.network, "any", sizes=sizes, conventions=part.layout.conventions)
    assert part.part in building.built(config)


def test_the_size_of_a_lighter_network_is_read_from_its_shapes(tmp_path: Path) -> None:
    for layout, name in (
        (deepfill_layouts.V1_TENSORFLOW, "snap-1.index"),
        (deepfill_layouts.V2_TENSORFLOW, "snap-2.index"),
        (deepfill_layouts.V2_PT, "states_pt_x.pth"),
        (pen_net_layouts.GENERATOR, "gen_1.pth"),
    ):
        for guided in (False, True) if layout.name.startswith("DeepFill v2") else (False,):
            config = found([write(tmp_path / name, light(layout, guided=guided), layout.under)]).config
            assert config.title == layout.name + (", guided" if guided else "")
            assert (config.guided, building.shapes(building.built(config))) == (guided, shapes(layout, guided))


def test_a_model_that_was_trained_on_several_cards_is_imported_as_well(tmp_path: Path) -> None:
    published = {f"module.{key}": value for key, value in light(deepfill_layouts.V2_PT).items()}
    _config, tensors = converted(found([write(tmp_path / "states_pt_x.pth", published, "G")]), Progress())
    assert np.array_equal(tensors["coarse.conv1.bias"], published["module.stage1.conv1.conv.bias"])


def test_what_a_file_of_tensorflow_lies_beside_may_be_named_instead_of_its_index(tmp_path: Path) -> None:
    write(tmp_path / "snap-5.index", light(deepfill_layouts.V1_TENSORFLOW))
    (tmp_path / "snap-5.meta").write_bytes(b"a graph")
    (tmp_path / "checkpoint").write_text('model_checkpoint_path: "snap-5"')
    for named in (["snap-5.data-00000-of-00001"], ["snap-5.meta", "snap-5.index"], ["."]):
        assert found([tmp_path / name for name in named]).config.network is Network.DEEPFILL_V1


def test_a_folder_with_several_checkpoints_or_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnsuitableWeights, match="holds no file"):
        found([tmp_path])
    for name in ("snap-1.index", "snap-2.index"):
        (tmp_path / name).touch()
    with pytest.raises(UnsuitableWeights, match=r"several checkpoints: snap-1\.index, snap-2\.index"):
        found([tmp_path])


def test_a_variant_that_the_weights_do_not_have_is_refused_with_those_they_have(tmp_path: Path) -> None:
    path = write(tmp_path / "states_tf_x.pth", light(deepfill_layouts.V2_PTTF), "G")
    assert found([path]).variants == ("pttf-fused", "pttf")
    with pytest.raises(InvalidParameter, match=r"“pt”.*pttf-fused, pttf"):
        found([path], "pt")


def test_a_missing_an_extra_and_a_misshapen_array_are_named_with_their_file(tmp_path: Path) -> None:
    whole = light(deepfill_layouts.V2_PT)
    key = "stage1.conv_bn3.conv.weight"
    for change, said in (
        ({key: None}, "stage1.conv_bn3.conv.weight is missing"),
        ({"stage3.conv.weight": whole[key]}, "stage3.conv.weight is unknown"),
        ({key: whole[key][..., :2]}, "stage1.conv_bn3.conv.weight has the shape 32 x 16 x 3 x 2, not 32 x 16 x 3 x 3"),
        ({key: whole[key].ravel()}, "stage1.conv_bn3.conv.weight has the shape 4608, not 32 x 16 x 3 x 3"),
        ({"stage1.conv1.conv.bias": np.zeros((), np.float32)}, "stage1.conv1.conv.bias has the shape 1, not 48"),
    ):
        changed = {name: value for name, value in (whole | change).items() if value is not None}
        with pytest.raises(UnsuitableWeights, match=r"states_pt_x\.pth cannot be imported") as raised:
            found([write(tmp_path / "states_pt_x.pth", changed, "G")])
        assert said in raised.value.misfits


def test_a_checkpoint_of_another_network_is_refused(tmp_path: Path) -> None:
    other = {f"layer{n}.weight": np.zeros((2, 2), np.float32) for n in range(9)}
    with pytest.raises(UnsuitableWeights, match=r"resnet\.pth cannot be imported.*knows"):
        found([write(tmp_path / "resnet.pth", other)])


def test_files_of_several_networks_are_refused(tmp_path: Path, edge_connect: Path) -> None:
    other = light_pen_net(tmp_path)
    with pytest.raises(UnsuitableWeights, match="several networks: edgeconnect, pennet"):
        found([edge_connect, other])
    with pytest.raises(UnsuitableWeights, match="several networks: deepfill-v2, pennet"):
        found([write(tmp_path / "states_tf_x.pth", light(deepfill_layouts.V2_PTTF), "G"), other], "pttf")
    twice = write(tmp_path / "gen_00002.pth", light(pen_net_layouts.GENERATOR), "netG")
    with pytest.raises(UnsuitableWeights, match="2 files"):
        found([other, twice])


@pytest.mark.parametrize("number", [np.nan, np.inf, 1e300])
def test_numbers_that_are_none_are_refused_with_their_key(tmp_path: Path, number: float) -> None:
    weights = {key: value.astype(np.float64) for key, value in light(pen_net_layouts.GENERATOR).items()}
    weights["torgb3.0.bias"][1] = number
    recognised = found([write(tmp_path / "gen_00001.pth", weights, "netG")])
    with pytest.raises(UnsuitableWeights, match=r"torgb3\.0\.bias holds numbers that are none"):
        install(recognised, "pennet", Progress(), licence_accepted=True)
    assert models.installed() == ()


def test_counters_in_the_place_of_weights_are_refused(tmp_path: Path) -> None:
    weights = light(pen_net_layouts.GENERATOR)
    weights["torgb3.0.bias"] = weights["torgb3.0.bias"].astype(np.int64)
    with pytest.raises(UnsuitableWeights, match=r"torgb3\.0\.bias"):
        converted(found([write(tmp_path / "gen_00001.pth", weights, "netG")]), Progress())


def test_a_checkpoint_whose_numbers_were_cut_leaves_no_model(tmp_path: Path) -> None:
    index = write(tmp_path / "snap-0.index", light(deepfill_layouts.V1_TENSORFLOW))
    numbers = tmp_path / "snap-0.data-00000-of-00001"
    numbers.write_bytes(numbers.read_bytes()[:-100])
    recognised = found([index])
    with pytest.raises(UnreadableFile, match=r"snap-0\.data.*ends before"):
        install(recognised, "deepfill", Progress(), licence_accepted=True)
    assert models.installed() == ()


def test_missing_libraries_are_named_before_any_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importing, "NEEDED", ("a_library_that_is_not_there",))
    with pytest.raises(UnsupportedFormat, match=r"a_library_that_is_not_there.*lacuna-editor\[torch\]"):
        found([tmp_path / "missing.pth"])


def test_what_writes_graphs_is_needed_only_for_networks_whose_graphs_do_not_ship(
    tmp_path: Path, edge_connect: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "EXPORTER", ("a_library_that_is_not_there",))
    assert found([edge_connect]).config.network is Network.EDGE_CONNECT
    with pytest.raises(UnsupportedFormat, match="a_library_that_is_not_there"):
        found([light_pen_net(tmp_path)])


def test_licences_that_forbid_something_are_told_and_have_to_be_accepted(tmp_path: Path) -> None:
    free = found([light_pen_net(tmp_path)])
    assert free.notice == ""
    bound = found([write(tmp_path / "states_pt_x.pth", light(deepfill_layouts.V2_PT), "G")])
    assert "non-commercial use alone (CC BY-NC 4.0)" in bound.notice
    with pytest.raises(ValueError, match="licence"):
        install(bound, "deepfill", Progress(), licence_accepted=False)
    assert models.installed() == ()


@pytest.mark.parametrize("name", ["", "Upper", "a/b", "..", "a b", "x" * 65, "-o"])
def test_a_name_that_cannot_be_a_folder_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidParameter, match="name"):
        install(found([light_pen_net(tmp_path)]), name, Progress(), licence_accepted=False)


def test_an_import_that_is_cancelled_leaves_nothing(tmp_path: Path, home: Path) -> None:
    progress = Progress()
    recognised = found([light_pen_net(tmp_path)])
    progress.cancel()
    with pytest.raises(Cancelled):
        install(recognised, "pennet", progress, licence_accepted=False)
    assert not (home / "data").exists() or not any((home / "data" / "models").iterdir())


def test_an_installed_model_is_whole_and_its_name_is_taken(tmp_path: Path) -> None:
    recognised = found([light_pen_net(tmp_path)])
    said: list[tuple[float, str]] = []
    model = install(recognised, "mine", Progress(lambda *told: said.append(told)), licence_accepted=False)
    models.verify(model)
    assert model.config is not None
    assert (model.config.network, model.config.dtype, model.config.width) == (Network.PEN_NET, "float32", 0.125)
    assert [fraction for fraction, _stage in said] == sorted(fraction for fraction, _stage in said)
    with pytest.raises(CannotSave, match="“mine” already"):
        install(recognised, "mine", Progress(), licence_accepted=False)
    other = light_pen_net(tmp_path)
    assert json.loads((model.folder / "config.json").read_text())["source"].startswith("gen_00001.pth (SHA-256 ")
    install(found([other]), "mine", Progress(), licence_accepted=False, replace=True)
    assert [model.name for model in models.installed()] == ["mine"]
