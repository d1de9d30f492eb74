"""Batch normalization (Ioffe & Szegedy 2015): by hand, in small networks, and what it does to their training.

Images are ``(n, height, width, channels)``, labels ``(n,)``; ``data`` is a ``utils.data.Dataset`` whose images are
already scaled. Numbers come out; nothing here draws or judges.
"""

from utils.batch_normalization.experiments import (
    Generalization,
    ShortTraining,
    factor_per_layer,
    fine_tuned,
    gradient_flow,
    largest_rate,
    losses_by_rate,
    order_accuracies,
    settled,
    short_training,
    with_groups,
)
from utils.batch_normalization.networks import (
    EPSILON,
    MOMENTUM,
    GroupedNormalization,
    Unsettled,
    conv_net,
    moving_averages_kept,
    net_for,
)
from utils.batch_normalization.scaling import (
    FEATURES,
    LinearTraining,
    batch_normalized,
    linear_training,
    min_max,
    patch_features,
    standardized,
    z_scores,
    zero_to_one,
)
from utils.batch_normalization.statistics import (
    ChannelStatistics,
    accuracy_by_batches,
    convolution_statistics,
    in_company,
    normalization_statistics,
    shares_above_zero,
    slopes,
    spread_by_batch_size,
)

__all__ = [
    "EPSILON",
    "FEATURES",
    "MOMENTUM",
    "ChannelStatistics",
    "Generalization",
    "GroupedNormalization",
    "LinearTraining",
    "ShortTraining",
    "Unsettled",
    "accuracy_by_batches",
    "batch_normalized",
    "conv_net",
    "convolution_statistics",
    "factor_per_layer",
    "fine_tuned",
    "gradient_flow",
    "in_company",
    "largest_rate",
    "linear_training",
    "losses_by_rate",
    "min_max",
    "moving_averages_kept",
    "net_for",
    "normalization_statistics",
    "order_accuracies",
    "patch_features",
    "settled",
    "shares_above_zero",
    "short_training",
    "slopes",
    "spread_by_batch_size",
    "standardized",
    "with_groups",
    "z_scores",
    "zero_to_one",
]
