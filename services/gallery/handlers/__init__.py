"""Use cases of the gallery."""
