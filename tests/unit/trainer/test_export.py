"""The export leaves the network as it was, and its graph is that of activations in place."""

import torch
from torch import nn

from services.trainer.domain.training.export import to_onnx
from shared.runtime.onnx_session import OnnxSession


class Clipped(nn.Module):
    """Both kinds of activation that backbones have, each with work behind it."""

    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 4, 3), nn.ReLU6(inplace=True), nn.Conv2d(4, 2, 3), nn.ReLU(inplace=False)
        )

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return self.layers(image.permute(0, 3, 1, 2).float() / 8)


def test_an_export_answers_as_the_network_whose_activations_stay_as_they_were() -> None:
    torch.manual_seed(5)
    network = Clipped()
    data = to_onnx(network, (16, 12), ("scores",))
    assert [layer.inplace for layer in network.layers if hasattr(layer, "inplace")] == [True, False]
    images = torch.randint(0, 256, (3, 12, 16, 3), dtype=torch.uint8)
    with torch.no_grad():
        expected = network(images)
    assert 0 < (expected > 0).float().mean() < 1
    found = OnnxSession(data, threads=1).run(images.numpy())["scores"]
    torch.testing.assert_close(torch.from_numpy(found), expected, atol=1e-4, rtol=0)
