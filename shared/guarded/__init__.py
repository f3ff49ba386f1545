"""Work on hostile files in child processes that the kernel bounds."""
