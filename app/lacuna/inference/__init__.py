"""Running learned models: one call, two engines."""
