"""Those who take the course: the roster, variants, what is handed out, comes back, is marked, and is given back.

What comes back is read as data and never run; the secret reaches no kernel.
"""
