"""The training of any task: the loop, its optimiser, averaging, checkpoints and export."""
