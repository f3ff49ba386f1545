"""One predictor for everyone: pre-process, run tensors, post-process, merge tiles."""
