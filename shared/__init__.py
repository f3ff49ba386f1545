"""What all services stand on: ports with their adapters, contracts, the language of images."""
