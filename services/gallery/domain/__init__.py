"""Rules of the gallery: what may enter, and what an image looks like; no I/O."""
