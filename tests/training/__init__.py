"""Training rehearsed on the processor."""
