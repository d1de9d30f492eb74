"""Residual blocks, what reaches the ends of deep networks, and training with and without shortcuts.

Images are ``(n, height, width, channels)``, labels ``(n,)``. Numbers come out; nothing here draws or judges.
"""

from utils.residual_connections.experiments import (
    AT_ONCE,
    BATCH_SIZE,
    PLAIN,
    PLAIN_HE,
    RESIDUAL,
    Deletions,
    IdentityLearned,
    Kind,
    Runs,
    learn_identity,
    lesions,
    train_deep,
)
from utils.residual_connections.networks import deep_network, residual_block, three_block_network, without
from utils.residual_connections.signals import Flow, signal_flow, readable

__all__ = [
    "AT_ONCE",
    "BATCH_SIZE",
    "PLAIN",
    "PLAIN_HE",
    "RESIDUAL",
    "Deletions",
    "Flow",
    "IdentityLearned",
    "Kind",
    "Runs",
    "deep_network",
    "learn_identity",
    "lesions",
    "signal_flow",
    "readable",
    "residual_block",
    "three_block_network",
    "train_deep",
    "without",
]
