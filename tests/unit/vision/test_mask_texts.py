"""Many masks written at once are the texts of each."""

import numpy as np

from shared.vision.masks import from_dense, from_text, table, to_text, to_texts


def test_texts_of_a_table_are_those_of_its_masks() -> None:
    r = np.random.default_rng(0)
    codes = [from_dense(r.random((23, 17)) < share) for share in np.linspace(0, 1, 30)]
    texts = to_texts(table(codes, [(23, 17)] * len(codes)))
    assert texts == [to_text(code) for code in codes]
    for text, code in zip(texts, codes, strict=True):
        assert from_text(text).tolist() == code.tolist()


def test_no_masks_give_no_texts() -> None:
    assert to_texts(table([], [])) == []
