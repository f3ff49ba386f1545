"""Opening files from outside in guarded child processes."""
