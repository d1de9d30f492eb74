"""The separable convolution: its two steps in NumPy, what it costs, what it assumes, how networks of it learn.

Images and feature maps are ``(n, height, width, channels)``, labels ``(n,)``. Numbers come out; nothing here draws or
judges.
"""

from utils.separable_convolutions.correlations import (
    Correlations,
    correlations,
    inputs_of,
    over_images,
    prior_inside,
    with_random_weights,
    within_photographs,
)
from utils.separable_convolutions.costs import (
    SIZES,
    Timing,
    convolutions_of,
    multiply_adds,
    parameters_by_step,
    timings,
)
from utils.separable_convolutions.learning import (
    RATES,
    Learned,
    Race,
    early_accuracy,
    gap_difference_at_equal_training,
    learned,
    race,
    speed_ratio,
    steps_needed,
)
from utils.separable_convolutions.networks import (
    NARROW_FILTERS,
    convnext_network,
    decorrelated_colors,
    deeper_network,
    network,
    separable_residual_network,
)
from utils.separable_convolutions.steps import (
    as_ordinary,
    convolution,
    depthwise,
    kept_by_shared_windows,
    nearest_separable,
    pointwise,
    windows,
)

__all__ = [
    "NARROW_FILTERS", "RATES", "SIZES", "Correlations", "Learned", "Race", "Timing", "as_ordinary",
    "convnext_network", "convolution", "convolutions_of", "correlations", "decorrelated_colors", "deeper_network",
    "depthwise", "early_accuracy", "gap_difference_at_equal_training", "inputs_of", "kept_by_shared_windows",
    "learned", "multiply_adds", "nearest_separable", "network", "over_images", "parameters_by_step", "pointwise",
    "prior_inside", "race", "separable_residual_network", "speed_ratio", "steps_needed", "timings", "windows",
    "with_random_weights", "within_photographs",
]  # fmt: skip
