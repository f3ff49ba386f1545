"""Character error rates are those of torchmetrics; alignments are as short as can be."""

import numpy as np
import pytest
from torchmetrics.functional.text import char_error_rate

from services.evaluator.domain.text.alignment import align

LETTERS = list("AB01O检测")


@pytest.mark.parametrize("seed", range(5))
def test_the_character_error_rate_agrees_with_torchmetrics(seed: int) -> None:
    r = np.random.default_rng(seed)
    truths = ["".join(r.choice(LETTERS, int(r.integers(1, 15)))) for _ in range(40)]
    found = [_misread(r, text) for text in truths]
    pairs = [pair for texts in zip(truths, found, strict=True) for pair in align(*texts)]
    errors = sum(pair.wrong for pair in pairs)
    ours = errors / sum(len(text) for text in truths)
    assert ours == pytest.approx(float(char_error_rate(found, truths)), abs=1e-6)


def _misread(r: np.random.Generator, text: str) -> str:
    out = [str(r.choice(LETTERS)) if r.random() < 0.2 else letter for letter in text]
    if r.random() < 0.5:
        out.insert(int(r.integers(len(out) + 1)), str(r.choice(LETTERS)))
    return "".join(out[1:] if r.random() < 0.3 else out)
