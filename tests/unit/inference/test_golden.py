"""The golden check tells agreement from any deviation that matters."""

import io
import pickle

import numpy as np
import pytest

from services.inference.domain.golden import Golden, differences, probe_image


def golden() -> Golden:
    rng = np.random.default_rng(1)
    return Golden(
        probe_image(32, 24),
        rng.uniform(0, 32, (1, 5, 4)).astype(np.float32),
        rng.uniform(0, 1, (1, 5, 2)).astype(np.float32),
    )


def outputs(stored: Golden) -> dict[str, np.ndarray]:
    return {"boxes": stored.boxes.copy(), "scores": stored.scores.copy()}


def test_equal_outputs_agree():
    stored = golden()
    assert differences(stored, outputs(stored)) == []


def test_file_gives_back_the_same_arrays():
    stored = golden()
    again = Golden.from_bytes(stored.to_bytes())
    assert np.array_equal(again.image, stored.image)
    assert differences(again, outputs(stored)) == []


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
    assert (differences(stored, found) == []) is agrees


def test_missing_or_misshapen_output_is_a_difference():
    stored = golden()
    found = {"boxes": stored.boxes[:, :4]}
    assert len(differences(stored, found)) == 2


def test_a_model_without_anchors_agrees_with_itself():
    empty = Golden(probe_image(8, 8), np.zeros((1, 0, 4), "f4"), np.zeros((1, 0, 2), "f4"))
    assert differences(empty, outputs(empty)) == []


@pytest.mark.parametrize(
    "data",
    [b"", b"PK\x03\x04", b"\x93NUMPY", pickle.dumps({"image": 1})],
    ids=["empty", "cut", "npy", "pickle"],
)
def test_other_files_are_refused(data):
    with pytest.raises(ValueError, match="not a golden file"):
        Golden.from_bytes(data)


def test_wrong_kinds_of_numbers_are_refused():
    buffer = io.BytesIO()
    np.savez(buffer, image=np.zeros(3, "f4"), boxes=np.zeros(3, "f4"), scores=np.zeros(3, "f4"))
    with pytest.raises(ValueError, match="uint8"):
        Golden.from_bytes(buffer.getvalue())


def test_probe_image_is_the_same_every_time_and_not_flat():
    first = probe_image(40, 30)
    assert first.shape == (1, 30, 40, 3)
    assert np.array_equal(first, probe_image(40, 30))
    assert first.std() > 30
