"""Jobs: stored actions, run by a worker process of their own."""
