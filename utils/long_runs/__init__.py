"""The long runs: experiments that need hours, in pieces of minutes; what they found is kept in ``evidence/``.

Each module is one experiment and holds:

- ``CLAIMS``: the ids of the claims that it serves,
- ``DATA``: the name of its data set,
- ``PIECES``: what there is to do, a dictionary of JSON values for each piece, the most important first; a piece takes
  at most twenty minutes of one processor core,
- ``ELSEWHERE``, where not all of them: the pieces that other images can serve, too,
- ``perform(piece, checkpoint=None)``: the numbers of one piece, as JSON values; a piece may name other ``"data"``; a
  long training goes on from the file ``checkpoint``,
- ``values(found)``: for each claim the values of its criteria, as ``utils.claims.verdict`` takes them, from the pieces
  ``[(piece, numbers), …]`` that are there. It computes with what was stored and trains nothing.

This room draws no figure and knows no notebook.
"""
