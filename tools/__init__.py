"""What developers use from a checkout; no image holds it."""
