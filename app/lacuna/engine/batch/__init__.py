"""Many pictures at once: one task, a file after another or several at a time, each on its own, resumable."""
