"""Jobs: leased long work on top of documents: claim, heartbeat, fence, progress, cancel, reap."""
