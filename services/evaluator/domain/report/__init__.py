"""What a report says, as one typed tree."""
