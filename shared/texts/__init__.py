"""What the server says to people, in their language."""
