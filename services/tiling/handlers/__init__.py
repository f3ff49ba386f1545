"""Use cases of tiling."""
