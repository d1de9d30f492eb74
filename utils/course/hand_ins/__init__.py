"""What comes back: files and zips opened, the owner of each found by evidence, doubts written down.

All of it is read as data and never run; one bad file never ends it for all.
"""
