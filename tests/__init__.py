"""The tests mirror the floors of the program."""
