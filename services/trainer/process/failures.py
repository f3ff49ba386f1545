"""Why a training cannot succeed, in words that say what a person can do about it."""

import traceback
from pathlib import Path

import torch

from services.trainer.domain.training.loop import DivergedError
from shared.disk import is_full
from shared.errors import InvalidInput

NO_DISK = "the disk of the machine that trains is full; make room there, then resume the training"
NO_MEMORY = (
    "the memory of the device that trains does not suffice; a smaller batch_size or resolution"
    " needs less"
)
REFUSED = (
    "can't allocate memory",  # c10/core/impl/alloc_cpu.cpp
    "CUDA error: out of memory",  # beside PyTorch's own allocator
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
_OF_DEVICES = ("CUDA error", "cuDNN error", "CUBLAS_STATUS", "NCCL error")
_OURS = tuple(Path(__file__).parents[3] / name for name in ("services", "shared"))
TOLD = (InvalidInput, DivergedError)
"""Errors that say themselves what is wrong, and with which image, label or setting."""


def reason_of(error: Exception) -> str | None:
    """What to tell of an error that no further attempt mends; None where one may.

    >>> reason_of(DivergedError("the loss is not a number"))
    'the loss is not a number'
    """
    if is_full(error):
        return NO_DISK
    if is_out_of_memory(error):
        return NO_MEMORY
    if isinstance(error, TOLD) or (isinstance(error, ValueError) and _is_ours(error)):
        return str(error)
    if isinstance(error, ValueError):
        return f"the training cannot go on, a library refused what it was given: {error}"
    return None


def _is_ours(error: Exception) -> bool:
    """Whether the platform itself raised it, in words for people: libraries have their own."""
    frames = traceback.extract_tb(error.__traceback__)
    if not frames:
        return True
    # What compiled code refuses has the line that called it as its last one.
    last, line = Path(frames[-1].filename), frames[-1].line or ""
    return line.startswith("raise") and any(last.is_relative_to(one) for one in _OURS)


def is_device_lost(error: Exception) -> bool:
    """Whether a GPU failed for another reason than memory; nothing more can be computed on it here.

    >>> is_device_lost(RuntimeError("CUDA error: unspecified launch failure"))
    True
    >>> is_device_lost(RuntimeError("CUDA error: out of memory"))
    False
    """
    of_device = isinstance(error, RuntimeError) and any(one in str(error) for one in _OF_DEVICES)
    return of_device and not is_out_of_memory(error)


def is_out_of_memory(error: Exception) -> bool:
    """Whether memory was refused: by the GPU, by Python, or by PyTorch's allocator of the CPU.

    >>> is_out_of_memory(MemoryError()), is_out_of_memory(RuntimeError("shapes differ"))
    (True, False)
    >>> is_out_of_memory(RuntimeError("cuDNN error: CUDNN_STATUS_ALLOC_FAILED"))
    True
    """
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    return isinstance(error, RuntimeError) and any(word in str(error) for word in REFUSED)
