"""Those who take the course: the roster, a variant of each notebook for each, signatures, and what is handed out.

The secret reaches no kernel.
"""
