"""Files in: COCO's and the platform's own become samples."""
