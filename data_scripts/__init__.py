"""Fetching, converting and preparing the data sets and the ImageNet weights.

Nothing here is fetched unless somebody asks for it by name; training and drawing have rooms of their own in utils.
"""
