"""Files written whole or not at all, locks, private folders, and text files read within bounds.

It does not know what is in them.
"""
