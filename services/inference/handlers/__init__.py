"""Use cases of inference, the same for requests and events."""
