"""The commands of ``course``: they read options and write sentences.

What a command does stands in the rooms below; nothing here executes a notebook or judges an answer.
"""
