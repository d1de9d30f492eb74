"""All that the course keeps about one student: found, shown, and deleted on request.

Nothing of anybody else is deleted or changed, no link is followed, nothing is executed or judged.
"""
