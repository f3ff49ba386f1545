"""Instance segmentation: a detector of boxes with a mask for each."""
