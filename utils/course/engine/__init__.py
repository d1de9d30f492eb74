"""One notebook executed through papermill: watched, bounded, ended with all that it started.

It says what became of the notebook; it does not know about batches, students or pages.
"""
