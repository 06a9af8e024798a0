"""How near a fill comes to the truth, measured inside the hole."""
