"""Rules of tiling: which bands of an image meet which tiles; no I/O."""
