"""Which notebooks are executed, with which parameters, in which order, and what came of each.

It does not know about the terminal: that is the commands' affair.
"""
