"""What runs services: the stores they get, the loops they keep, the host of one or of all."""
