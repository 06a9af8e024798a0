"""Pictures as arrays: reading, writing, colour, masks, brushes, pyramids. Arrays in, arrays out."""
