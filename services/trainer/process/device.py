"""The device that trains."""

import gc

import torch

from services.trainer.process.work_order import Device
from shared.errors import InvalidInput


class NoDevice(InvalidInput):
    """The device that the deployment names is not there."""

    code = "no-device"
    title = "The training device is missing"


def device_of(wanted: Device) -> str:
    """The device that trains.

    Raises:
        NoDevice: A GPU is asked for, and there is none.
    """
    there = torch.cuda.is_available()
    if wanted == "cuda" and not there:
        raise NoDevice("LOUPE_TRAINER_DEVICE is cuda, but this worker sees no CUDA device")
    return "cuda" if wanted != "cpu" and there else "cpu"


def device_name(device: str, threads: int) -> str:
    """What a person calls the device.

    >>> device_name("cpu", 2)
    'CPU, 2 threads'
    """
    return torch.cuda.get_device_name() if device == "cuda" else f"CPU, {threads} threads"


def prepare(device: str, threads: int) -> None:
    """Sets what holds for the whole process."""
    torch.set_num_threads(threads)
    if device == "cuda":
        torch.set_float32_matmul_precision("high")  # TF32: products of float32 at tensor speed
        torch.backends.cudnn.allow_tf32 = True


def free_memory() -> None:
    """Gives back what nothing holds any more."""
    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
