"""Loops over codes and boxes: compiled where there is a compiler, else numpy; chosen once, here."""

from shared.vision.compilation import IS_COMPILED

if IS_COMPILED:
    from shared.vision.mask_kernels import (
        areas,
        bounds,
        decode_text,
        decode_texts,
        encode_text,
        encode_texts,
        intersection,
        pixels_in_box,
        polygon_code,
        unite,
    )
    from shared.vision.overlap_grid import group_by_first_overlap, union_of_groups
else:
    from shared.vision.mask_arrays import (
        areas,
        bounds,
        decode_text,
        decode_texts,
        encode_text,
        encode_texts,
        intersection,
        pixels_in_box,
        polygon_code,
        unite,
    )
    from shared.vision.overlap_arrays import group_by_first_overlap, union_of_groups

__all__ = [
    "areas",
    "bounds",
    "decode_text",
    "decode_texts",
    "encode_text",
    "encode_texts",
    "group_by_first_overlap",
    "intersection",
    "pixels_in_box",
    "polygon_code",
    "union_of_groups",
    "unite",
]
