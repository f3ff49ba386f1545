"""The language of images: boxes, polygons, masks and tiles as plain arrays, numpy only."""
