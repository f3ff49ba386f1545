"""Rules of tiling: a project's plan from its images and targets; no I/O."""
