"""Files of `torch.save` are read for their tensors; a pickle that names anything else is refused before it runs."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.numpy import save

from lacuna.errors import LacunaError, UnreadableFile, UnsuitableWeights, UnsupportedFormat
from lacuna.inference.tensors import groups

FORMS = pytest.mark.parametrize("archive", [True, False], ids=["archive", "before 1.6"])


def saved(content: object, path: Path, archive: bool = True) -> Path:
    torch.save(content, path, _use_new_zipfile_serialization=archive)
    return path


def training_state() -> dict[str, Any]:
    """As a training leaves it: networks, what optimisers remember, counters."""
    remembered = {"step": torch.tensor(1.0), "exp_avg": torch.zeros(2, 3)}
    optimiser = {"state": {0: remembered}, "param_groups": [{"lr": 1e-4, "betas": (0.5, 0.9), "params": [0]}]}
    return {"G": torch.nn.Linear(3, 2).state_dict(), "D": {"x": torch.ones(2)}, "G_optim": optimiser, "n_iter": 7}


def read_all(path: Path) -> None:
    for group in groups(path):
        for key in group.shapes:
            group.read(key)


@FORMS
def test_each_network_of_a_training_is_a_group_and_the_rest_is_left(tmp_path: Path, archive: bool) -> None:
    state = training_state()
    found = groups(saved(state, tmp_path / "states.pth", archive))
    assert [group.name for group in found] == ["G", "D"]
    assert found[0].shapes == {"weight": (2, 3), "bias": (2,)}
    assert np.array_equal(found[0].read("weight"), state["G"]["weight"].numpy())


@FORMS
def test_bare_weights_are_a_group_without_a_name(tmp_path: Path, archive: bool) -> None:
    (group,) = groups(saved({"a": torch.arange(3.0)}, tmp_path / "gen.pt", archive))
    assert group.name == ""
    assert group.read("a").tolist() == [0, 1, 2]


def test_numbers_of_other_lengths_are_given_as_32_bits(tmp_path: Path) -> None:
    kinds = (torch.float16, torch.bfloat16, torch.float64)
    (group,) = groups(saved({str(kind): torch.ones(2, dtype=kind) for kind in kinds}, tmp_path / "gen.pt"))
    assert {group.read(key).dtype for key in group.shapes} == {np.dtype("float32")}


class Payload:
    """Writes a file when it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, (f"echo ran > '{self.mark}'",)


@FORMS
@pytest.mark.parametrize("inside", ["alone", "beside weights", "in place of a weight"])
def test_a_pickle_that_would_run_code_is_refused_and_nothing_runs(tmp_path: Path, archive: bool, inside: str) -> None:
    mark = tmp_path / "ran"
    payload = Payload(mark)
    weights = {"weight": torch.ones(2)}
    content: Any = {
        "alone": payload,
        "beside weights": {"G": weights, "note": payload},
        "in place of a weight": {"G": weights | {"bias": payload}},
    }[inside]
    hostile = saved(content, tmp_path / "states.pth", archive)
    with pytest.raises(UnsuitableWeights, match=r"states\.pth is refused.*system.*run code"):
        groups(hostile)
    assert not mark.exists()
    torch.load(hostile, weights_only=False)  # the trap was a real one
    assert mark.exists()


def test_a_bare_pickle_of_python_is_refused_and_nothing_runs(tmp_path: Path) -> None:
    mark = tmp_path / "ran"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        file = tmp_path / "states.pth"
        file.write_bytes(pickle.dumps(Payload(mark), protocol))
        with pytest.raises(LacunaError, match=r"states\.pth"):
            groups(file)
        assert not mark.exists()


@FORMS
def test_a_file_that_was_cut_is_refused_wherever_it_was_cut(tmp_path: Path, archive: bool) -> None:
    whole = saved({"G": {"weight": torch.arange(500.0)}}, tmp_path / "whole.pth", archive).read_bytes()
    cut = tmp_path / "states.pth"
    for length in range(0, len(whole) - 1, 23):
        cut.write_bytes(whole[:length])
        with pytest.raises(LacunaError, match=r"states\.pth"):
            read_all(cut)


def test_an_archive_with_compressed_parts_is_refused(tmp_path: Path) -> None:
    """A few bytes may become any number of them."""
    packed = tmp_path / "packed.pth"
    with (
        zipfile.ZipFile(saved({"a": torch.zeros(9)}, tmp_path / "gen.pth")) as plain,
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive,
    ):
        for name in plain.namelist():
            archive.writestr(name, plain.read(name))
    with pytest.raises(UnreadableFile, match=r"packed\.pth"):
        groups(packed)


def test_a_tensor_that_repeats_a_few_numbers_without_end_is_not_read(tmp_path: Path) -> None:
    (group,) = groups(saved({"weight": torch.ones(1).expand(1 << 40)}, tmp_path / "gen.pth"))
    assert group.shapes == {"weight": (1 << 40,)}
    with pytest.raises(UnreadableFile, match="weight is larger"):
        group.read("weight")


@pytest.mark.parametrize("content", [7, [torch.ones(1)], {}, {1: torch.ones(1)}, {"a": {"b": {"c": torch.ones(1)}}}])
def test_a_file_without_named_tensors_is_refused(tmp_path: Path, content: object) -> None:
    with pytest.raises(UnsuitableWeights, match="no tensors"):
        groups(saved(content, tmp_path / "gen.pth"))


def test_kinds_of_tensors_that_hold_no_plain_numbers_are_passed_over(tmp_path: Path) -> None:
    content = {"a": torch.ones(2), "sparse": torch.eye(3).to_sparse(), "nowhere": torch.ones(2, device="meta")}
    assert list(groups(saved(content, tmp_path / "gen.pth"))[0].shapes) == ["a"]


def test_a_file_of_another_kind_is_refused_with_the_kinds_there_are(tmp_path: Path) -> None:
    for data in (b"", b"\xff\xd8\xff\xe0", b"text" * 20):
        (tmp_path / "photo.jpg").write_bytes(data)
        with pytest.raises(UnsupportedFormat, match=r"photo\.jpg.*\.safetensors"):
            groups(tmp_path / "photo.jpg")
    with pytest.raises(UnreadableFile, match="missing"):
        groups(tmp_path / "missing.pth")


def test_damaged_headers_of_safetensors_are_refused(tmp_path: Path) -> None:
    whole = save({"a": np.arange(4, dtype=np.float32), "b": np.zeros((2, 3), np.float16)})
    file = tmp_path / "w.safetensors"
    file.write_bytes(whole)
    assert groups(file)[0].read("a").tolist() == [0, 1, 2, 3]
    for length in range(len(whole)):
        file.write_bytes(whole[:length])
        with pytest.raises(LacunaError, match=r"w\.safetensors"):
            groups(file)
