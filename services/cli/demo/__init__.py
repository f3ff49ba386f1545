"""`loupe demo`: the whole loop on one machine, through the public REST API."""
