"""Notebooks read as data, from any hand. Nothing in them is run."""
