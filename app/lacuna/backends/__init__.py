"""The built-in ways to fill a hole, one file a family."""
