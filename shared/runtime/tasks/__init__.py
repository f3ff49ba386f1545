"""What each task is: its shapes, its tensors, how they become results; one file a task."""
