"""Routes of tiling, and their bodies."""
