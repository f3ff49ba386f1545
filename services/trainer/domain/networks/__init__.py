"""Parts of networks that tasks share."""
