"""Running the course: the command line ``course`` and what stands behind it. No notebook imports it."""
