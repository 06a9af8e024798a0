"""The program without its window: tools, gestures and the verbs of every menu."""
