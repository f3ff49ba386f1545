"""Why a training cannot succeed, in words that say what a person can do about it."""

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
TOLD = (InvalidInput, DivergedError, ValueError)
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
    return str(error) if isinstance(error, TOLD) else None


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
