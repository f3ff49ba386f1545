"""Blobs: immutable bytes under server-made keys, streamed in and out in constant memory."""
