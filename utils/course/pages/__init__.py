"""What the commands leave to read: tables and HTML pages.

Results come in as they are; nothing here executes, judges or decides.
"""
