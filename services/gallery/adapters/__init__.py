"""What the gallery reaches outside: the disk for files on their way, and decoders."""
