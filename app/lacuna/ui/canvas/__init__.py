"""The picture on the screen: tiles, viewport, overlays, pointer events."""
