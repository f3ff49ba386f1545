"""Label files of other tools: parsers from bytes to shapes, and writers back."""
