"""The training process: files in, messages and files out; it sees no store."""
