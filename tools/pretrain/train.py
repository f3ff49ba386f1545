"""Trains the start of a detector on generated scenes and writes it as safetensors.

    python -m tools.pretrain.train --out FOLDER --backbone FILE [--seconds 500] [--device cuda]

Two parts, each on one cycle of the rate: first the pyramid and the head on a frozen backbone, then
all but the backbone's first stage. Ends by itself after ``--seconds`` or ``--steps`` in all,
whichever comes first. ``checkpoint.pt`` in FOLDER holds the whole state; the same command goes on
from it, with scenes drawn anew.
Writes ``neck.safetensors`` after the first part, ``start.safetensors`` at the end, ``log.jsonl``.
"""

import argparse
import json
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from torch import Tensor
from torch.nn.utils import convert_conv2d_weight_memory_format

from services.trainer.domain.networks.normalisation import DEVIATION, MEAN
from services.trainer.domain.networks.packages import mobilenet_name
from services.trainer.domain.training.averaging import WeightAverage
from services.trainer.domain.training.optimisation import build_optimiser, set_rate
from tools.pretrain.detector import StartDetectors, start_loss, start_tensors
from tools.pretrain.dice import Dice
from tools.pretrain.pool import ScenePool

PARTS = ("neck", "start")
RESOLUTION = 10_000  # steps of the schedule
AVERAGED_STEPS = 300.0
FINE_EVERY = 4  # every so many steps with the level of stride 4
GRADIENT_NORM = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """How to train; what the card records."""

    seconds: float = 500.0
    steps: int = 1_000_000
    neck_share: float = 0.3
    side: int = 384
    batch: int = 128
    fresh: int = 64
    renew_every: int = 2
    pool: int = 16_384
    channels: int = 64
    rate: float = 3e-3
    backbone_rate: float = 0.1
    weight_decay: float = 0.02
    seed: int = 0
    device: str = "cuda"


class StartTraining:
    """The training; `run` goes on until it is done or the time is over."""

    def __init__(
        self, options: Options, folder: Path, backbone: Mapping[str, Tensor] | None
    ) -> None:
        self.options, self.folder = options, folder
        torch.manual_seed(options.seed)
        self.device = torch.device(options.device)
        self.detectors = StartDetectors(options.side, backbone, options.channels)
        for detector in (self.detectors.fine, self.detectors.coarse):
            convert_conv2d_weight_memory_format(detector.to(self.device), torch.channels_last)
        self.part, self.step, self.spent_s, self.views = 0, 0, 0.0, 0
        self.scenes = 0
        self._begin_part()
        scale = torch.tensor([MEAN, DEVIATION], device=self.device)[:, None, :, None, None] * 255
        self._mean, self._deviation = scale[0], scale[1]

    def _begin_part(self) -> None:
        options, first = self.options, self.part == 0
        self.detectors.freeze(stages=4 if first else 1)
        self.average = WeightAverage(self.detectors.fine)
        self.optimiser = build_optimiser(
            self.detectors.fine,
            learning_rate=options.rate if first else options.rate * 0.6,
            backbone_rate=options.backbone_rate,
            weight_decay=options.weight_decay,
        )

    def share(self) -> float:
        """How much of the present part is done, by steps or by time."""
        options = self.options
        done = max(self.step / options.steps, self.spent_s / options.seconds)
        if self.part == 0:
            return done / options.neck_share
        return (done - options.neck_share) / (1 - options.neck_share)

    def run(self, until_s: float = float("inf")) -> None:
        """Trains; at most to ``until_s`` of the whole, for a test of the resumption."""
        options = self.options
        pool = ScenePool(
            Dice(options.seed * 1_000_003 + self.step, self.device),
            side=options.side, most=options.pool, chunk=options.fresh,
        )  # fmt: skip
        began, before = time.monotonic(), self.spent_s
        for _ in range(max(1, 4 * options.batch // options.fresh)):
            pool.renew()
        saved = time.monotonic()
        while self.part < len(PARTS) and self.spent_s < until_s:
            if self.step % options.renew_every == 0:
                pool.renew()
                self.scenes += options.fresh
            self._learn(pool)
            self.spent_s = before + time.monotonic() - began
            if time.monotonic() - saved > 45:
                self.save()
                saved = time.monotonic()
            if self.share() >= 1:
                self._end_part()
        self.save()

    def _learn(self, pool: ScenePool) -> None:
        set_rate(self.optimiser, int(self.share() * RESOLUTION), RESOLUTION)
        fine = self.step % FINE_EVERY == FINE_EVERY - 1
        detector = self.detectors.fine if fine else self.detectors.coarse
        scenes = pool.batch(self.options.batch)
        images = ((scenes.images - self._mean) / self._deviation).contiguous(
            memory_format=torch.channels_last
        )
        self.optimiser.zero_grad()
        enabled = self.device.type == "cuda"
        with torch.autocast(self.device.type, torch.bfloat16, enabled=enabled):
            loss = start_loss(detector, images, scenes)
        torch.autograd.backward(loss)
        torch.nn.utils.clip_grad_norm_(self.detectors.fine.parameters(), GRADIENT_NORM)
        self.optimiser.step()
        self.average.update(self.detectors.fine, horizon=AVERAGED_STEPS)
        self.step += 1
        self.views += self.options.batch
        if self.step % 20 == 1:
            self._log(float(loss.detach()), fine)

    def _log(self, loss: float, fine: bool) -> None:
        if loss != loss:
            raise SystemExit("the loss is not a number")
        line = {"part": PARTS[self.part], "step": self.step, "seconds": round(self.spent_s, 1),
                "loss": round(loss, 4), "fine": fine, "views": self.views}  # fmt: skip
        print(json.dumps(line), flush=True)
        with (self.folder / "log.jsonl").open("a") as file:
            file.write(json.dumps(line) + "\n")

    def _end_part(self) -> None:
        self.export(PARTS[self.part])
        self.detectors.fine.load_state_dict(self.average.model.state_dict())
        self.part += 1
        if self.part < len(PARTS):
            self._begin_part()

    def export(self, name: str) -> None:
        """Writes the averaged weights; the file is whole or absent."""
        about = {"strides": "4,8,16,32", "seed": str(self.options.seed)}
        partial = self.folder / f"{name}.part"
        save_file(start_tensors(self.average.model), partial, about)
        partial.replace(self.folder / f"{name}.safetensors")
        done = {"steps_done": self.step, "views": self.views, "scenes": self.scenes}
        card = asdict(self.options) | done | {"seconds_spent": round(self.spent_s, 1)}
        (self.folder / f"{name}.json").write_text(json.dumps(card, indent=1))

    def save(self) -> None:
        """Writes the checkpoint."""
        state = {
            "part": self.part, "step": self.step, "spent_s": self.spent_s,
            "views": self.views, "scenes": self.scenes, "updates": self.average.updates,
            "model": self.detectors.fine.state_dict(),
            "average": self.average.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
        }  # fmt: skip
        if 0 < self.part < len(PARTS):
            self.export(PARTS[self.part])  # of use even if nothing comes after it
        partial = self.folder / "checkpoint.part"
        torch.save(state, partial)
        partial.replace(self.folder / "checkpoint.pt")

    def resume(self) -> bool:
        """Goes on from the folder's checkpoint, if it has one."""
        path = self.folder / "checkpoint.pt"
        if not path.exists():
            return False
        state: dict[str, Any] = torch.load(path, map_location=self.device, weights_only=True)
        self.part, self.step, self.spent_s = state["part"], state["step"], state["spent_s"]
        self.views, self.scenes = state["views"], state["scenes"]
        if self.part < len(PARTS):
            self._begin_part()
            self.optimiser.load_state_dict(state["optimiser"])
        self.detectors.fine.load_state_dict(state["model"])
        self.average.model.load_state_dict(state["average"])
        self.average.updates = state["updates"]
        return True


def backbone_of(path: Path) -> dict[str, Tensor]:
    """Weights of MobileNetV2 by our names, from a file of torchvision's or of the first names."""
    found = torch.load(path, map_location="cpu", weights_only=True)
    flat = "features.2.conv.7.weight" in found
    return {mobilenet_name(name) if flat else name: value for name, value in found.items()}


def main() -> None:
    """Trains as the command line says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--backbone", type=Path)
    parser.add_argument("--until-s", type=float, default=float("inf"))
    for name, value in asdict(Options()).items():
        parser.add_argument(f"--{name.replace('_', '-')}", type=type(value), default=value)
    given = vars(parser.parse_args())
    folder, backbone, until_s = given.pop("out"), given.pop("backbone"), given.pop("until_s")
    folder.mkdir(parents=True, exist_ok=True)
    torch.set_float32_matmul_precision("high")
    torch.backends.cudnn.benchmark = True
    training = StartTraining(Options(**given), folder, backbone_of(backbone) if backbone else None)
    print("resumed" if training.resume() else "began", flush=True)
    training.run(until_s)


if __name__ == "__main__":
    main()
