"""Who takes the course: the roster, variants, what is handed out, what comes back, and the marks."""
