"""Routes of the annotation service, their bodies and answers."""
