"""Events: a durable, partitioned log; relay out of outboxes, consumer loop, dead letters, replay."""
