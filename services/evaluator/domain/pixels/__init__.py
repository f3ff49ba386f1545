"""Label maps, counted image by image."""
