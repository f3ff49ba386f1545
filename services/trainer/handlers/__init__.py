"""Use cases of the trainer; the same for HTTP and events."""
