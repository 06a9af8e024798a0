"""Training of the networks: photos, holes, losses, the loop. Needs torch and OpenCV and nothing of the window."""
