"""What is being edited: planes, edits, history, journal. No engine, no Qt."""
