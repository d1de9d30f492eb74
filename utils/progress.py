"""How far a long computation has come: a bar below its cell while it runs, and nothing of it afterwards."""

import html
import sys
import time
import uuid

SECONDS = 0.3  # between two pictures of the bar; what is over before the first one shows none


_under_way = []  # the outermost first


class Progress:
    """A context in which ``advance()`` is called ``total`` times; a notebook shows a bar meanwhile.

    At the end the bar's output is empty: what stays in the notebook is the same for every run. Where one such context
    lies within another, the outer one's bar has a line for each. Outside a notebook nothing is shown.

    >>> with Progress("training", total=3) as progress:
    ...     for _ in range(3):
    ...         progress.advance()
    """

    def __init__(self, label, total):
        self.label, self.total, self.done = label, total, 0
        self._place, self._shown = None, time.monotonic()

    def __enter__(self):
        _under_way.append(self)
        return self

    def __exit__(self, *error):
        _under_way.remove(self)
        if self._place:
            _publish({}, self._place)

    def advance(self):
        self.done += 1
        outermost = _under_way[0]
        if time.monotonic() - outermost._shown > SECONDS:
            outermost._show()

    def _show(self):
        lines = [each.html() for each in _under_way]
        if self._place is None:
            self._place = uuid.uuid4().hex
            # The output begins empty, too: checks of notebooks compare the first form of an output, not its updates.
            _publish({}, self._place, update=False)
        _publish({"text/html": "<br>".join(lines)}, self._place)
        self._shown = time.monotonic()

    def html(self):
        """The bar, with its numbers as text."""
        text = f"{html.escape(self.label)}: {self.done} of {self.total}"
        return f'<progress max="{self.total}" value="{self.done}" aria-label="{text}"></progress> {text}'


def _publish(data, place, update=True):
    """Put ``data`` into a cell's output at ``place``, if this is a notebook's kernel."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    if hasattr(shell, "kernel"):
        shell.display_pub.publish(data, transient={"display_id": place}, update=update)
