"""Reading archives in guarded child processes."""
