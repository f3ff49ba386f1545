"""Events: a durable, partitioned log; the relay, the consumer loop, dead letters, replay."""
