"""What takes the processor: the cutting of pixels."""
