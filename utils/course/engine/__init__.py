"""One notebook executed through papermill, watched, and the truth said about it."""
