"""The configuration that Triton reads, and the names it may contain."""

import pytest

from services.inference.domain.model_config import ServedModel, check_model_name, render_config
from shared.runtime.tasks.table import spec_of

NAME = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def served(**changes: object) -> ServedModel:
    values = {
        "name": NAME,
        "number": 3,
        "input_width": 320,
        "input_height": 240,
        "label_count": 2,
        "outputs": spec_of("detection").outputs,
    }
    return ServedModel(**(values | changes))


@pytest.mark.parametrize(
    "name",
    [
        "",
        "scratch",
        "../../etc",
        f"{NAME}/..",
        NAME.lower(),
        f"{NAME}\n",
        "划痕" * 13,
        f'{NAME[:-1]}"',
    ],
)
def test_only_a_ulid_becomes_a_model_name(name):
    with pytest.raises(ValueError, match="ULID"):
        check_model_name(name)


def test_config_names_exactly_one_version():
    text = render_config(served(), backend="python")
    assert "version_policy { specific { versions: [ 3 ] } }" in text


def test_input_is_height_then_width():
    assert "dims: [ 240, 320, 3 ]" in render_config(served(), backend="python")


def test_both_backends_are_told_their_threads_under_their_own_key():
    assert 'key: "threads" value { string_value: "2" }' in render_config(
        served(), backend="python", threads=2
    )
    onnx = render_config(served(), backend="onnxruntime", threads=2, device="gpu", instances=4)
    assert 'key: "intra_op_thread_count" value { string_value: "2" }' in onnx
    assert "count: 4 kind: KIND_GPU" in onnx


@pytest.mark.parametrize("field", ["number", "input_width", "input_height", "label_count"])
def test_a_model_without_size_is_refused(field):
    with pytest.raises(ValueError, match="at least 1"):
        served(**{field: 0})


def test_config_names_the_tile_plan_that_the_model_learnt():
    plan_hash = "ab" * 32
    text = render_config(served(tile_plan_hash=plan_hash), backend="onnxruntime")
    assert f'key: "tile_plan_hash" value {{ string_value: "{plan_hash}" }}' in text


@pytest.mark.parametrize("plan_hash", ["AB" * 32, "ab", '"' * 64])
def test_only_a_hash_becomes_the_plan_in_the_config(plan_hash):
    with pytest.raises(ValueError, match="hash"):
        served(tile_plan_hash=plan_hash)


def test_outputs_are_those_of_the_task():
    text = render_config(served(outputs=spec_of("ocr").outputs), backend="python")
    assert '{ name: "map" data_type: TYPE_FP32 dims: [ -1, -1 ] }' in text
    assert '{ name: "signs" data_type: TYPE_INT64 dims: [ -1 ] }' in text
    assert "boxes" not in text


def test_a_model_of_free_sides_takes_images_of_any():
    text = render_config(served(sides_are_free=True), backend="python")
    assert '{ name: "image" data_type: TYPE_UINT8 dims: [ -1, -1, 3 ] }' in text
