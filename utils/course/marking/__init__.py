"""What a hand-in is worth: answers and code judged, points, what a class got wrong; feedback, tables and gradebooks.

Nothing here asks whose a hand-in is, and no secret leaves it.
"""
