"""The long work of tiling: images that are cut."""
