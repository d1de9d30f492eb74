"""What questions, exercises and claims of the course were called in earlier versions of it.

Whoever renames one adds a line here, and nothing else: notebooks that were handed out under the former name are run,
read and graded under today's, and draw the same variants. No name is given twice. This does not say what a name means.
"""

FORMER_NAMES = {  # each former name → today's, the oldest first
    "bn-normalise": "bn-normalize",
    "bn-normalises": "bn-normalizes",
    "dropout-regularises": "dropout-regularizes",
}


def name_today(name):
    """Today's name of what was once called so; any other name, or what is none, as it is."""
    return FORMER_NAMES.get(name, name) if isinstance(name, str) else name


def first_name(name):
    """The oldest name of what is called so today: what is drawn by a name stays the same when that changes."""
    return next((former for former, today in FORMER_NAMES.items() if today == name), name)
