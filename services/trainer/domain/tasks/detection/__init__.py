"""Detection: an anchor-free detector of boxes."""
