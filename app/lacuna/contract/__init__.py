"""What a fill method and the engine promise each other; all that a plugin needs."""
