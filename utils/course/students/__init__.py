"""Those who take the course: the roster, variants, what is handed out, what comes back, and the marks.

What comes back is read as data and never run; the secret reaches no kernel.
"""
