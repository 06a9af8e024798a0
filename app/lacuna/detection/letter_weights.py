"""How the measures of a row of letters (`letter_rows.py`, in their order) are weighed against each other.

A logistic regression over the measures and their squares, fitted to the rows of 900 training photos, two of three
with lettering put over them in several type faces, 8 to 80 pixels high; 0 is what 1 of 25 of those photos has by
chance. Made anew by `packaging/lettering.py fit`.
"""

from __future__ import annotations

import numpy as np

# fmt: off
MEANS = np.array([
    1.512, 0.791, 0.089, 0.147, 0.671, 0.322, 0.058, 0.162, 0.042, 0.372,
    0.186, 0.474, 0.063, 2.436, 0.387, 3.155, 0.398, 0.527, 0.352, 0.412,
    0.476, 0.056, 0.221, 0.237, 0.076, 1.278,
])
DEVIATIONS = np.array([
    0.419, 0.620, 0.090, 0.159, 0.404, 0.140, 0.073, 0.166, 0.077, 0.762,
    0.368, 0.133, 0.062, 2.315, 0.634, 2.371, 0.653, 0.268, 0.261, 0.644,
    0.303, 0.784, 0.144, 0.146, 0.089, 0.493,
])
LINEAR = np.array([
    -1.408, 4.806, -0.894, 1.121, -0.186, -1.648, -1.301, -0.368, -0.468, -0.458,
    1.008, 1.019, -0.390, 0.630, -1.255, 4.275, 2.026, 1.792, -1.181, -2.750,
    -2.368, 0.422, -0.277, -0.971, 0.653, 1.158,
])
SQUARED = np.array([
    -0.319, 0.095, 0.177, -0.005, 0.166, 0.318, 0.089, -0.063, 0.128, -2.092,
    -0.933, -0.422, -0.081, 0.381, 0.691, -1.540, -0.759, 0.204, -0.044, 0.324,
    0.520, 0.057, 0.051, 0.147, -0.001, -0.442,
])
# fmt: on
BIAS = -13.084
FARTHEST = 3.0  # deviations: what is measured beyond tells no more
