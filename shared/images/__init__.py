"""What every service must know of images: a read model kept by events."""
