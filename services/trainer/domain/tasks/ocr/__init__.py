"""OCR: where lines of text lie and what they say, going on from graphs that find and read."""
