"""The built-in ways to enlarge a picture, one file a family."""
