"""Connectionist temporal classification: a text's loss without knowing where its letters lie.

Graves et al., "Connectionist Temporal Classification", ICML 2006, eq. 14: minus the logarithm of
the summed probability of all alignments.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

BLANK = 0
"""The label between letters."""


def ctc(logits: Tensor, letters: Tensor, lengths: Tensor) -> Tensor:
    """Loss of each line.

    Args:
        logits: ``(N, T, C)``: at each of T places one of C letters, or `BLANK`.
        letters: ``(N, L)`` of the true texts, padded with anything.
        lengths: ``(N,)`` of the true texts, 0 for an empty one.

    Returns:
        ``(N,)``; no lines give ``(0,)``. A text that is too long for T places costs nothing: it
        cannot be learnt from, and an infinite loss would spoil all others.

    >>> one = ctc(torch.zeros(1, 2, 3), torch.tensor([[1]]), torch.tensor([1]))
    >>> round(one.item(), 4)  # "a", "-a", "a-" of nine alignments: ln 3
    1.0986
    """
    if not len(logits):
        return logits.sum((1, 2))
    logs = F.log_softmax(logits, dim=2).transpose(0, 1)
    places = torch.full_like(lengths, logits.shape[1])
    return F.ctc_loss(
        logs, letters, places, lengths, blank=BLANK, reduction="none", zero_infinity=True
    )
