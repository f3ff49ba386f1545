"""Use cases of the annotation service."""
