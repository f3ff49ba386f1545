"""The anchor-free detector, for each task that builds on it: network, views, targets and loss."""
