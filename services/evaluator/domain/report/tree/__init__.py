"""What a report says, as a tree of frozen values: the same in memory, in a blob and in OpenAPI."""
