import contextlib
import json
import math
import threading

import pytest
import torch
from torchvision.models import mobilenet_v2

from services.trainer.domain.detector.loss import DetectionLosses, detection_loss
from services.trainer.domain.detector.network import (
    Detector,
    DetectorShape,
    ExportableDetector,
)
from services.trainer.domain.detector.targets import Targets
from services.trainer.domain.training.checkpoint import Checkpoint, CheckpointError, pack, restore
from services.trainer.domain.training.optimisation import rate_share
from services.trainer.domain.training.ports import FirstWeights
from services.trainer.process.device import NoDevice, device_of
from shared.runtime.manifest import ModelManifest
from shared.runtime.onnx_session import OnnxSession
from shared.runtime.predictor import Predictor
from shared.runtime.session import TensorSession
from shared.vision.boxes import iou_matrix
from tests.unit.trainer.loops import (
    SHAPE,
    DetectorLoop,
    Untranslated,
    detector_loop,
    exported,
    recipe,
    walk,
)
from tests.unit.trainer.pictures import picture, samples


def state_of(training: DetectorLoop) -> dict[str, torch.Tensor]:
    return {**training.network.state_dict(), "average": training.average.model.score.weight}


def found_and_right(session: TensorSession) -> tuple[float, float]:
    """Recall and precision on pictures that were never trained: IoU of a half, right label."""
    manifest = ModelManifest(
        task="detection", labels=("bright", "dark"), input_width=96, input_height=96
    )
    predictor = Predictor(manifest, session)
    hits = truths = found = 0
    for seed in range(100, 112):
        image, truth = picture(seed)
        results = predictor.predict(image, threshold=0.2)
        near = iou_matrix(truth.boxes_xyxy, results.boxes_xyxy) >= 0.5
        near &= truth.labels[:, None] == results.label_indices[None]
        hits, truths, found = hits + near.any(1).sum(), truths + near.shape[0], found + len(results)
    return hits / truths, hits / max(found, 1)


def test_training_learns_squares_and_the_exported_model_finds_unseen_ones():
    """The whole path in small, by epochs instead of time: a floor that any machine reaches.

    Measured 1.0 and 0.69 on one thread, 0.44 on two (sums of other order); a network that learnt
    nothing, other labels or moved boxes has about 0 in both.
    """
    training = detector_loop(recipe(epochs=35, batch_size=8, learning_rate=4e-3), samples(16))
    assert found_and_right(Untranslated(training.average.model)) == (0.0, 0.0)
    seen = walk(training)
    assert seen[-1].loss < 0.8 * seen[0].loss
    assert (seen[-1].percent, seen[-1].seconds_left, seen[-1].epoch) == (100.0, 0.0, 35)
    recall, precision = found_and_right(OnnxSession(exported(training.result())))
    assert recall >= 0.8
    assert precision >= 0.25


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {
            "augmentation": {"preset": "strong", "quarter_turns": True},
            "sampler": "balanced_sqrt",
        },
        {"early_stop": 5, "ema": 0.8, "precision": "bf16"},
    ],
)
def test_a_killed_training_resumes_as_if_nothing_had_happened(asked):
    data, chosen = samples(8), recipe(epochs=3, **asked)
    whole = detector_loop(chosen, data)
    walk(whole)
    broken = detector_loop(chosen, data)
    walk(broken, steps=broken.steps_per_epoch)
    broken.hear(0.5)
    saved = pack(broken)
    walk(broken, steps=1)  # work that the kill loses
    again = detector_loop(chosen, data)
    restore(again, saved)
    assert again.epoch == 1
    heard = broken.patience.to_json()
    assert again.patience.to_json() == heard
    assert heard["best"] == (0.5 if chosen.early_stop else None)
    for name, value in broken.patience.weights.items():
        torch.testing.assert_close(again.patience.weights[name], value, atol=0, rtol=0, msg=name)
    walk(again)
    for name, value in state_of(whole).items():
        torch.testing.assert_close(state_of(again)[name], value, atol=0, rtol=0, msg=name)


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: Checkpoint(c.tensors[:100], c.document),
        lambda c: Checkpoint(c.tensors, c.document[:-10]),
        lambda c: Checkpoint(c.tensors, "{}"),
        lambda c: Checkpoint(c.tensors, c.document.replace('"seed": 0', '"seed": 1')),
        lambda c: Checkpoint(c.tensors, c.document.replace('"labels": 2', '"labels": 3')),
    ],
)
def test_a_damaged_or_foreign_checkpoint_is_refused(damage):
    training = detector_loop(recipe(), samples(4))
    with pytest.raises(CheckpointError):
        restore(training, damage(pack(training)))


def test_the_same_seed_gives_the_same_weights():
    first, second = (detector_loop(recipe(), samples(4)) for _ in range(2))
    walk(first)
    walk(second)
    torch.testing.assert_close(
        first.network.score.weight, second.network.score.weight, atol=0, rtol=0
    )


def test_without_an_average_the_last_step_is_the_version_and_a_decay_looks_back():
    last = detector_loop(recipe(ema=0), samples(4))
    walk(last)
    slow = detector_loop(recipe(ema=0.9), samples(4))
    walk(slow)
    for one, same in ((last, True), (slow, False)):
        own, averaged = one.network.score.weight, one.average.model.score.weight
        assert torch.equal(own, averaged) is same
    torch.testing.assert_close(last.network.score.weight, slow.network.score.weight)


def test_the_average_is_that_of_the_formula():
    """The decay is d, or (1 + n) / (10 + n) after n steps where that is less, as is usual."""
    training = detector_loop(recipe(ema=0.5, epochs=4), samples(4))
    wanted = training.network.score.weight.detach().clone()
    steps = training.steps()
    for step, _ in enumerate(steps, start=1):
        decay = min(0.5, (1 + step) / (10 + step))
        wanted = decay * wanted + (1 - decay) * training.network.score.weight.detach()
        torch.testing.assert_close(training.average.model.score.weight, wanted)


def test_in_half_precision_the_network_learns_while_its_loss_and_its_weights_stay_whole():
    seen = {}
    for precision in ("fp32", "bf16"):
        training = detector_loop(recipe(epochs=3, precision=precision), samples(4))
        before = training.network.score.weight.detach().clone()
        kinds = set()
        training.network.score.register_forward_hook(
            lambda _module, _given, answer, kinds=kinds: kinds.add(answer.dtype)
        )
        losses = [progress.loss for progress in walk(training)]
        assert all(math.isfinite(loss) for loss in losses)
        assert not torch.equal(training.network.score.weight, before)
        seen[precision] = (kinds, losses[0])
        assert {value.dtype for value in training.result().parameters()} == {torch.float32}
    assert torch.bfloat16 in seen["bf16"][0]
    assert seen["fp32"][0] == {torch.float32}
    assert seen["bf16"][1] == pytest.approx(seen["fp32"][1], rel=0.05)
    assert seen["bf16"][1] != seen["fp32"][1]


def test_a_training_out_of_patience_is_the_one_of_its_best_epoch():
    training = detector_loop(recipe(epochs=5, early_stop=2), samples(4))
    figures, best = iter((0.4, 0.6, 0.6, 0.5, 0.9)), None
    for progress in training.steps():
        if progress.epoch_ended:
            training.hear(next(figures))
        if progress.epoch_ended and training.epoch == 2:
            best = training.average.model.score.weight.detach().clone()
        if training.patience.is_over:
            break
    assert training.epoch == 4
    assert torch.equal(training.result().score.weight, best)
    told_of = training.patience.told(4, 5)
    assert told_of == (
        "ended after epoch 4 of 5: 2 epochs in turn were no better than the figure 0.600 of epoch"
        " 2, whose weights the network has",
    )


def test_a_set_of_negatives_and_one_target_trains():
    data = [*samples(1), *(sample for sample in samples(3, squares=0))]
    seen = walk(detector_loop(recipe(epochs=1), data))
    assert math.isfinite(seen[-1].loss)


def test_no_windows_are_refused():
    with pytest.raises(ValueError, match="at least one window"):
        detector_loop(recipe(), [])


class Clock:
    """Every look at it takes ``step_s``."""

    def __init__(self, step_s: float) -> None:
        self.now, self.step_s = 0.0, step_s

    def __call__(self) -> float:
        self.now += self.step_s
        return self.now


def test_a_checkpoint_of_the_release_before_early_stops_goes_on():
    chosen, data = recipe(epochs=3), samples(4)
    killed = detector_loop(chosen, data)
    walk(killed, steps=killed.steps_per_epoch)
    saved = pack(killed)
    document = json.loads(saved.document)
    del document["patience"]
    for name in ("early_stop", "ema", "precision"):
        del document["recipe"][name]
    again = detector_loop(chosen, data)
    restore(again, Checkpoint(saved.tensors, json.dumps(document)))
    walk(again)
    assert again.epoch == 3


def test_what_the_caller_looks_at_after_each_epoch_is_part_of_the_budget():
    clocks = {"clock": Clock(1.0), "processor_clock": Clock(torch.get_num_threads())}
    training = detector_loop(recipe(epochs=None), samples(8), **clocks)
    training.plan_epochs(budget_s=17.01, look=lambda: None)  # 1 s by both clocks
    assert training.epochs == 10  # 0.7 s and a look each


@pytest.mark.parametrize(
    ("wall_s", "alone_s", "epochs", "why"),
    [
        (1.0, 1.0, 10, "alone: 7 s at 0.35 s a step and 2 steps an epoch"),
        (2.0, 1.0, 10, "half the machine: the epochs stay, the time doubles"),
        (4.0, 1.0, 5, "a quarter of the machine: epochs are given up"),
        (1000.0, 1.0, 3, "never fewer than three"),
    ],
)
def test_the_budget_chooses_the_epochs_from_the_measured_speed(wall_s, alone_s, epochs, why):
    training = detector_loop(
        recipe(epochs=None),
        samples(8),
        clock=Clock(wall_s),
        processor_clock=Clock(alone_s * torch.get_num_threads()),
    )
    training.plan_epochs(budget_s=7.01)
    assert training.epochs == epochs, why


def test_a_named_gpu_that_is_not_there_is_told_and_auto_takes_what_there_is():
    there = torch.cuda.is_available()
    assert device_of("auto") == ("cuda" if there else "cpu")
    assert device_of("cpu") == "cpu"
    with contextlib.nullcontext() if there else pytest.raises(NoDevice, match="LOUPE_TRAINER"):
        assert device_of("cuda") == "cuda"


def test_an_abandoned_epoch_leaves_no_thread_behind():
    training = detector_loop(recipe(), samples(16))
    walk(training, steps=1)
    names = [thread.name for thread in threading.enumerate()]
    assert not [name for name in names if name.startswith("batches")]


def test_a_recipe_that_names_its_epochs_keeps_them():
    training = detector_loop(recipe(epochs=4), samples(8), clock=Clock(1.0))
    training.plan_epochs(budget_s=1e9)
    assert training.epochs == 4


def test_an_earlier_version_is_the_start_where_the_network_is_the_same():
    earlier = detector_loop(recipe(seed=1), samples(4))
    weights = earlier.network.state_dict()
    three = DetectorShape(labels=3, input_size=(96, 96), channels=16)
    later = detector_loop(recipe(), samples(4), three)
    fresh_row = later.network.score.weight[0].clone()
    assert later.start_from(weights, rows=[(1, 0), (2, 1)])
    torch.testing.assert_close(later.network.score.weight[1:], weights["score.weight"])
    torch.testing.assert_close(later.network.score.weight[0], fresh_row)
    torch.testing.assert_close(later.average.model.distance.weight, weights["distance.weight"])
    wider = DetectorShape(labels=2, input_size=(96, 96), channels=24)
    other = detector_loop(recipe(channels=24), samples(4), wider)
    assert not other.start_from(weights, rows=[(0, 0), (1, 1)])


def pretrained() -> dict[str, torch.Tensor]:
    """Classifier weights whose normalisations move, scale and shift every channel differently."""
    torch.manual_seed(3)
    network = mobilenet_v2(weights=None)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            torch.nn.init.normal_(module.running_mean, std=0.3)
            torch.nn.init.uniform_(module.running_var, 0.5, 2.0)
            torch.nn.init.uniform_(module.weight, 0.5, 1.5)
            torch.nn.init.normal_(module.bias, std=0.3)
    return network.state_dict()


def test_folded_norms_give_the_same_maps_and_gradients():
    weights, image = pretrained(), torch.rand(2, 3, 96, 96)
    plain = Detector(SHAPE, weights).backbone.eval()
    folded = Detector(SHAPE, weights).backbone
    folded.freeze(stages=1, statistics=True)
    folded.train()
    expected, maps = plain(image), folded(image)
    for mine, theirs in zip(maps, expected, strict=True):
        torch.testing.assert_close(mine, theirs, atol=1e-3, rtol=1e-3)
        assert float(theirs.detach().std()) > 0.05, "maps of nothing would agree whatever was done"
    sum(m.square().mean() for m in maps[1:]).backward()
    sum(m.square().mean() for m in expected[1:]).backward()
    learnt = {p.shape: p.grad for p in folded.stages[2].parameters() if p.grad is not None}
    wished = {p.shape: p.grad for p in plain.stages[2].parameters()}
    assert learnt
    for shape, gradient in learnt.items():
        torch.testing.assert_close(gradient, wished[shape], atol=1e-4, rtol=1e-2)


def test_frozen_stages_and_statistics_stay_while_the_rest_learns():
    weights = pretrained()
    training = detector_loop(recipe(frozen_stages=2), samples(4), first=FirstWeights(weights))
    stages = training.network.backbone.stages
    before = [
        {name: value.clone() for name, value in stage.state_dict().items()} for stage in stages
    ]
    walk(training)
    for index, stage in enumerate(stages):
        after = stage.state_dict()
        changed = {name for name in after if not torch.equal(after[name], before[index][name])}
        assert bool(changed) == (index >= 2)
        assert not [name for name in changed if "running_" in name]


def test_points_in_ignore_regions_add_nothing_to_the_loss():
    torch.manual_seed(0)
    detector = Detector(SHAPE)
    with torch.no_grad():
        raw = detector(torch.rand(1, 3, 96, 96))
    count = len(detector.points)
    nothing = torch.zeros(1, 0, 4), torch.zeros(1, 0, dtype=torch.int64)
    present = torch.zeros(1, 0, dtype=torch.bool)
    some = torch.zeros(1, count, dtype=torch.bool)
    some[0, : count // 2] = True
    losses = [
        float(
            detection_loss(
                detector, raw, Targets(*nothing, present, mask), DetectionLosses.of(recipe())
            )
        )
        for mask in (torch.zeros_like(some), some, ~some, torch.ones_like(some))
    ]
    assert losses[3] == 0.0
    assert losses[1] + losses[2] == pytest.approx(losses[0], rel=1e-4)


def test_the_rate_warms_up_and_falls():
    shares = [rate_share(step, 200) for step in range(201)]
    peak = shares.index(max(shares))
    assert shares[:peak] == sorted(shares[:peak])
    assert shares[peak:] == sorted(shares[peak:], reverse=True)


@pytest.mark.parametrize("strides", [(8, 16, 32), (4, 8, 16, 32)])
def test_points_and_outputs_fit(strides):
    shape = DetectorShape(labels=3, input_size=(64, 96), strides=strides, channels=16)
    model = ExportableDetector(Detector(shape)).eval()
    boxes, scores = model(torch.zeros(2, 96, 64, 3, dtype=torch.uint8))
    points = sum((64 // s) * (96 // s) for s in strides)
    assert boxes.shape == (2, points, 4)
    assert scores.shape == (2, points, 3)
