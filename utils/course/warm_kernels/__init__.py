"""Kernels forked from a process that has imported TensorFlow already, behind Jupyter's own interface.

That process never runs an operation and knows no secret: its forks inherit all that it holds.
"""
