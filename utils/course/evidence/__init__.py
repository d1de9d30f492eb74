"""The long runs: which pieces are missing, performing them through a batch, and keeping what they found.

Everything that is kept stands in ``evidence/``, a file an experiment, written whole after each piece. This room judges
nothing (``utils.evidence`` does, whenever the numbers are read) and knows no claim.
"""
