"""Residual blocks, what reaches the ends of deep networks, and training with and without shortcuts.

Images are ``(n, height, width, channels)``, labels ``(n,)``. Numbers come out; nothing here draws or judges.
"""

from utils.residual_connections.experiments import (
    AT_ONCE,
    RATES,
    IdentityLearned,
    Runs,
    chosen_rate,
    cross_entropy,
    learn_identity,
    split,
    train_deep,
)
from utils.residual_connections.lesions import Deletions, lesions
from utils.residual_connections.networks import (
    PLAIN,
    PLAIN_BN,
    PLAIN_HE,
    RESIDUAL,
    RESIDUAL_BN,
    Kind,
    deep_network,
    residual_block,
    three_block_network,
    without,
)
from utils.residual_connections.paths import PathGradients, path_gradients, paths_by_length
from utils.residual_connections.signals import Flow, initial_weights, readable, signal_flows

__all__ = [
    "AT_ONCE",
    "PLAIN",
    "PLAIN_BN",
    "PLAIN_HE",
    "RATES",
    "RESIDUAL",
    "RESIDUAL_BN",
    "Deletions",
    "Flow",
    "IdentityLearned",
    "Kind",
    "PathGradients",
    "Runs",
    "chosen_rate",
    "cross_entropy",
    "deep_network",
    "initial_weights",
    "learn_identity",
    "lesions",
    "path_gradients",
    "paths_by_length",
    "readable",
    "residual_block",
    "signal_flows",
    "split",
    "three_block_network",
    "train_deep",
    "without",
]
