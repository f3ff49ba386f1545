"""Routes of the trainer."""
