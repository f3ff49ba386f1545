"""What every service must know of projects: a read model kept by events."""
