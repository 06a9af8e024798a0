"""The measured promises, one file a subject."""
