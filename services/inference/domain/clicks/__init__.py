"""Interactive segmentation: from clicks inside and outside of an object to its outline."""
