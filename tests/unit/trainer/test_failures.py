"""Every way in which a training fails: what it really says, and in both languages."""

import ast
import io
import os
import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from pathlib import Path

import numpy as np
import onnx
import pytest
import torch

from services.trainer.domain.networks.onnx_graph import OnnxGraph
from services.trainer.domain.training.loop import DivergedError
from services.trainer.domain.training.planning import usual
from services.trainer.process import failures
from services.trainer.process.failures import reason_of
from services.trainer.process.smaller_steps import recipe_of_attempt
from services.trainer.process.work_order import (
    FactsMessage,
    FailureMessage,
    ResultMessage,
    WorkOrder,
)
from services.trainer.work.executor import (
    ProcessExecutor,
    TrainingProcessDied,
    TrainingProcessKilled,
)
from shared.contracts.snapshot import Snapshot
from shared.errors import InvalidInput
from shared.texts.language import speaking, texts, told
from tests.unit.http.test_languages import template_of
from tests.unit.trainer.pictures import LABELS
from tests.unit.trainer.test_recipe_losses import plugin, term
from tests.unit.trainer.test_training_process import TINY, order
from tests.unit.trainer.whole import said_here

TRAINER = Path(__file__).parents[3] / "services/trainer"
ENDS = {
    "FailureMessage": 0,
    "_end": 2,
    "DivergedError": 0,
    "TrainingProcessDied": 0,
    "TrainingProcessKilled": 0,
}
"""Who ends a training or an attempt, and which argument says why."""
STEEP = """
from torch import Tensor

def steep(logits: Tensor, wished: Tensor) -> Tensor:
    return logits.abs().exp().exp()
"""
CHINESE = re.compile(r"[\u4e00-\u9fff]")


def failure_of(wanted: WorkOrder) -> str:
    """What a training that runs in this process ends with: PyTorch is loaded here already."""
    with pytest.raises((InvalidInput, DivergedError)) as failed:
        said_here(wanted)
    reason = reason_of(failed.value)
    assert reason is not None
    return reason


def in_chinese(reason: str) -> str:
    with speaking("zh-CN"):
        return told(reason)


def test_a_damaged_image_is_named(tmp_path: Path) -> None:
    wanted = order(tmp_path, "tte")
    wanted.images["I001"].write_bytes(b"no image")
    reason = failure_of(wanted)
    assert reason == "the stored file of '1.png' is lost or damaged; upload it again"
    assert in_chinese(reason) == "'1.png' 已保存的文件丢失或损坏；请重新上传"


def test_without_an_example_it_says_what_to_annotate(tmp_path: Path) -> None:
    reason = failure_of(order(tmp_path, "nne"))
    assert reason == "no training image has an annotated target"
    assert in_chinese(reason) == "没有训练图像含有已标注的目标"


def test_a_label_without_examples_is_told_by_name_and_ends_nothing(tmp_path: Path) -> None:
    wanted = order(tmp_path, "tte", TINY.model_copy(update={"epochs": 1}))
    snapshot = Snapshot.model_validate_json(wanted.snapshot.read_bytes())
    ghost = snapshot.model_copy(update={"labels": (*LABELS, "ghost")})
    wanted.snapshot.write_text(ghost.model_dump_json())
    said = said_here(wanted)
    assert isinstance(said[-1], ResultMessage), said[-1]
    (facts,) = [message.facts for message in said if isinstance(message, FactsMessage)]
    assert facts.examples["ghost"] == 0
    assert all(facts.examples[label] > 0 for label in LABELS)


def test_a_loss_that_grows_beyond_all_numbers_says_what_may_help(tmp_path: Path) -> None:
    folder = plugin(tmp_path / "plugins", "steep", STEEP)
    wanted = order(
        tmp_path, "tte", TINY.model_copy(update={"losses": (term("score", "plugin:steep"),)})
    )
    reason = failure_of(wanted.model_copy(update={"plugins_folder": folder}))
    assert reason == "the loss is not a number; a lower learning rate may help"
    assert in_chinese(reason) == "损失不是数；较低的学习率可能有帮助"


async def test_a_full_disk_says_what_to_do(tmp_path: Path) -> None:
    wanted = order(tmp_path, "tte", TINY.model_copy(update={"epochs": 1}))
    # Whatever is written there finds no room, as on a full disk: full(4).
    (wanted.folder / "checkpoint-00001.safetensors.part").symlink_to("/dev/full")
    said = [message async for message in ProcessExecutor().run(wanted)]
    assert said[-1] == FailureMessage(reason=failures.NO_DISK)
    assert in_chinese(failures.NO_DISK).startswith("训练机器的磁盘已满")


KILLS_ITSELF = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


async def death_of(
    folder: Path, monkeypatch: pytest.MonkeyPatch, code: str
) -> pytest.ExceptionInfo[TrainingProcessDied]:
    """How a training's process ends that runs ``code`` as soon as it starts."""
    (folder / "sitecustomize.py").write_text(code)  # Python runs it in every process it starts
    monkeypatch.setenv("PYTHONPATH", str(folder))
    with pytest.raises(TrainingProcessDied) as died:
        [message async for message in ProcessExecutor().run(order(folder, "te"))]
    return died


async def test_a_process_that_is_killed_as_memory_runs_out_is_told_from_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = tmp_path / "vmstat"
    kernel.write_text("pgfault 7\noom_kill 4\n")
    monkeypatch.setattr("services.trainer.work.executor.VMSTAT", kernel)
    counted = f"open({str(kernel)!r}, 'w').write('oom_kill 5'); {KILLS_ITSELF}"
    died = await death_of(tmp_path, monkeypatch, counted)
    assert isinstance(died.value, TrainingProcessKilled)


async def test_a_lost_gpu_is_told_in_plain_words_and_tried_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    code = """
import torch
def lost(*_): raise RuntimeError("CUDA error: unspecified launch failure")
torch.set_num_threads = lost
"""
    died = await death_of(tmp_path, monkeypatch, code)
    assert died.value.retryable
    assert died.value.detail.startswith("the GPU failed or was lost")
    assert in_chinese(f"the training process ended 3 times: {died.value.detail}") == (
        "训练进程结束了 3 次：GPU 在计算中出错或丢失；平台管理员可在日志中找到其错误"
    )


@pytest.mark.parametrize(
    "refused_by",
    [
        lambda: Fraction("a word"),
        lambda: np.savez(io.BytesIO(), *[np.zeros(1)], arr_0=1),  # in Python, beside our code
        lambda: usual([]),  # compiled, called from our code
    ],
)
def test_a_library_that_refuses_gets_a_sentence(refused_by: Callable[[], object]) -> None:
    with pytest.raises(ValueError) as refused:  # noqa: PT011  each in its own words
        refused_by()
    reason = reason_of(refused.value)
    assert reason is not None
    assert reason.startswith("the training cannot go on, a library refused what it was given: ")
    assert CHINESE.search(in_chinese(reason))


def test_a_value_that_we_refuse_ourselves_is_told_in_our_own_words() -> None:
    with pytest.raises(ValueError, match="does not follow") as ours:
        OnnxGraph(onnx.ModelProto(), ("x",), ("y",))
    assert reason_of(ours.value) == str(ours.value)


def test_half_the_images_a_step_is_what_an_order_after_a_lack_of_memory_means(
    tmp_path: Path,
) -> None:
    wanted = order(tmp_path, "tte").model_copy(update={"halved": True})
    assert recipe_of_attempt(wanted) == wanted.recipe.halved()
    one = TINY.model_copy(update={"batch_size": 1})
    wanted = order(tmp_path / "one", "tte", one).model_copy(update={"halved": True})
    assert recipe_of_attempt(wanted) == one


async def test_a_process_that_the_system_kills_says_what_needs_less(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    died = await death_of(tmp_path, monkeypatch, KILLS_ITSELF)
    assert not isinstance(died.value, TrainingProcessKilled), "memory did not run out meanwhile"
    assert "batch_size" in died.value.detail
    told_to_people = f"the training process ended 3 times: {died.value.detail}"
    assert in_chinese(told_to_people) == (
        "训练进程结束了 3 次：进程被强行终止，机器内存不足时会这样；"
        "减小 batch_size 或降低 resolution 可减少占用"
    )


def test_memory_that_is_refused_says_what_needs_less() -> None:
    with pytest.raises(RuntimeError) as refused:
        torch.empty(1 << 60, dtype=torch.uint8)
    assert reason_of(refused.value) == failures.NO_MEMORY
    assert reason_of(torch.OutOfMemoryError("CUDA out of memory")) == failures.NO_MEMORY
    assert "batch_size" in in_chinese(failures.NO_MEMORY)
    assert CHINESE.search(in_chinese(failures.NO_MEMORY))


def test_what_another_attempt_may_mend_is_not_the_end() -> None:
    assert reason_of(RuntimeError("the device is lost")) is None
    assert reason_of(OSError(5, os.strerror(5))) is None


def reasons() -> Iterator[tuple[str, str]]:
    """Each reason that the code gives, with its place."""
    for path in sorted(TRAINER.glob("**/*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if not isinstance(node, ast.Call):
                continue
            place = ENDS.get(getattr(node.func, "id", ""))
            if place is not None:
                keywords = {word.arg: word.value for word in node.keywords}
                given = keywords.get("reason") or (
                    node.args[place] if len(node.args) > place else None
                )
                if text := template_of(given):
                    yield f"{path.relative_to(TRAINER)}:{node.lineno}", text
    for name, text in vars(failures).items():
        if name.startswith("NO_"):
            yield f"process/failures.py {name}", text


def test_every_reason_has_its_words_in_both_languages() -> None:
    found = dict(reasons())
    assert len(found) >= 6, found
    assert {place: text for place, text in found.items() if text not in texts()} == {}
