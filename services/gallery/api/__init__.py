"""Routes of the gallery, and their bodies."""
