"""Classification: one label for the whole image, from a regression on features, then end to end."""
