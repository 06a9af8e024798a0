"""A checkpoint as it was published, imported and run by the command line, computes what its own program computed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from lacuna.cli.main import main
from tests.inference.checkpoints import DEEPFILL_V1, DEEPFILL_V2_PT, EDGES, IMAGE, PEN_NET, File
from tests.networks.published import Numbers

TOLERANCE = 1e-3  # of ONNX Runtime


@pytest.mark.parametrize(
    ("files", "case", "stages"),
    [
        ([DEEPFILL_V1], "deepfill-v1/pt_c64_free", {"stage1": "stage1", "stage2": "stage2"}),
        ([DEEPFILL_V2_PT], "deepfill-v2/pt_c64_free", {"stage1": "stage1", "stage2": "stage2"}),
        ([PEN_NET], "pen-net/pt_c64_box", {name: name for name in ("img5", "img4", "img3", "img2", "img1", "output")}),
        ([IMAGE, EDGES], "edgeconnect/c64x64_free", {"edges": "edge.out", "output": "mode3.out"}),
    ],
    ids=["DeepFill v1", "DeepFill v2", "PEN-Net", "EdgeConnect"],
)
def test_an_imported_checkpoint_runs_as_it_was_published(
    tmp_path: Path, files: Sequence[File], case: str, stages: dict[str, str]
) -> None:
    numbers = Numbers(case)
    Image.fromarray(numbers.arrays["image_u8"]).save(tmp_path / "image.png")
    Image.fromarray(numbers.arrays["mask_u8"]).save(tmp_path / "mask.png")
    published = [str(file.write(tmp_path)) for file in files]
    assert main(["models", "import", *published, "--as", "mine", "--accept-licence"])[0] == 0
    words = ["--image", str(tmp_path / "image.png"), "--mask", str(tmp_path / "mask.png"), "--device", "cpu"]
    assert main(["models", "run", "mine", *words, "-o", str(tmp_path / "out.npz")])[0] == 0
    with np.load(tmp_path / "out.npz") as found:
        assert set(found) == set(stages)
        for name, recorded in stages.items():
            ours = torch.from_numpy(found[name].transpose(2, 0, 1)[None].copy())
            assert numbers.farthest(recorded, ours) < TOLERANCE
