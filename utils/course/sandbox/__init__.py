"""A function that came back, run where it can do no harm: no network, no files but the interpreter's, bounded in all.

Arguments go in, plain numbers and networks without code come out, and are judged outside by the judge of the notebooks.
It does not know about students, keys or notebooks, and nothing of them is visible inside.
"""
