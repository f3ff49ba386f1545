"""The golden check tells agreement from any deviation that matters."""

import io
import pickle

import numpy as np
import pytest

from shared.runtime.golden import Golden, differences, probe_image
from shared.runtime.tasks.table import TASKS, spec_of

OUTPUTS = spec_of("detection").outputs


def golden() -> Golden:
    rng = np.random.default_rng(1)
    return Golden(
        probe_image(32, 24),
        {
            "boxes": rng.uniform(0, 32, (1, 5, 4)).astype(np.float32),
            "scores": rng.uniform(0, 1, (1, 5, 2)).astype(np.float32),
        },
    )


def outputs(stored: Golden) -> dict[str, np.ndarray]:
    return {name: values.copy() for name, values in stored.outputs.items()}


def test_equal_outputs_agree():
    stored = golden()
    assert differences(stored, outputs(stored), OUTPUTS) == []


def test_file_gives_back_the_same_arrays():
    stored = golden()
    again = Golden.from_bytes(stored.to_bytes(), OUTPUTS)
    assert np.array_equal(again.image, stored.image)
    assert differences(again, outputs(stored), OUTPUTS) == []


@pytest.mark.parametrize(
    ("name", "change", "agrees"),
    [
        ("scores", 0.9e-4, True),  # just inside the parity figure
        ("scores", 1.5e-4, False),
        ("boxes", 0.09, True),
        ("boxes", 0.2, False),
        ("scores", np.nan, False),  # NaN compares false with everything
        ("boxes", np.inf, False),
    ],
)
def test_tolerance_is_the_parity_figure(name, change, agrees):
    stored = golden()
    found = outputs(stored)
    found[name][0, 2, 1] += np.float32(change)
    assert (differences(stored, found, OUTPUTS) == []) is agrees


def test_missing_or_misshapen_output_is_a_difference():
    stored = golden()
    found = {"boxes": stored.outputs["boxes"][:, :4]}
    assert len(differences(stored, found, OUTPUTS)) == 2


def test_a_model_without_anchors_agrees_with_itself():
    empty = Golden(
        probe_image(8, 8),
        {"boxes": np.zeros((1, 0, 4), "f4"), "scores": np.zeros((1, 0, 2), "f4")},
    )
    assert differences(empty, outputs(empty), OUTPUTS) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"\x93NUMPY", pickle.dumps({"image": 1})],
    ids=["empty", "cut", "npy", "pickle"],
)
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match="not a golden file"):
        Golden.from_bytes(data, OUTPUTS)


def test_wrong_kinds_of_numbers_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, image=np.zeros(3, "f4"), boxes=np.zeros(3, "f4"), scores=np.zeros(3, "f4"))
    with pytest.raises(ValueError, match="other types"):
        Golden.from_bytes(buffer.getvalue(), OUTPUTS)


def test_probe_image_is_the_same_every_time_and_not_flat():
    first = probe_image(40, 30)
    assert first.shape == (1, 30, 40, 3)
    assert np.array_equal(first, probe_image(40, 30))
    assert first.std() > 30


def test_file_of_another_number_of_labels_is_told():
    assert golden().misfits(OUTPUTS, 2) == []
    assert golden().misfits(OUTPUTS, 3) == ["scores has sides (5, 2), not (-1, 3)"]


@pytest.mark.parametrize("task", TASKS)
def test_a_model_of_any_task_is_held_to_its_own_tensors(task):
    outputs = spec_of(task).outputs
    rng = np.random.default_rng(3)
    answer = {
        output.name: rng.random((1, *(abs(side) for side in output.shape(2)))).astype(output.dtype)
        for output in outputs
    }
    stored = Golden.from_bytes(Golden(probe_image(8, 8), answer).to_bytes(), outputs)
    assert differences(stored, answer, outputs) == []
    for output in outputs:
        worse = {**answer, output.name: answer[output.name] + np.float32(3 * output.tolerance)}
        (found,) = differences(stored, worse, outputs)
        assert found.startswith(output.name)
