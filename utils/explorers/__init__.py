"""Explorers: controls over a drawing function, redrawn at every change.

An explorer holds no logic of its own: a function of the rooms below turns the controls' values into HTML
or a ``Picture``. Where no kernel runs (GitHub, the HTML pages, a notebook just opened) the drawing of the
defaults shows in its place.
"""

import html

from utils.explorers.controls import Control, Photograph, Several
from utils.explorers.panel import Panel
from utils.explorers.uploads import Uploads

__all__ = ["VIEW", "Control", "Explorer", "Photograph", "Several"]

VIEW = "application/vnd.jupyter.widget-view+json"


class Explorer:
    """Controls, and beside them what ``draw(**values)`` makes of their values: HTML, or a ``Picture``.

    ``controls`` maps the names of ``draw``'s arguments to a ``Control`` each. Where the range of a number
    depends on other controls, ``limits(**values)`` returns the new ranges as ``{name: (low, high)}``. A
    ``ValueError`` of ``draw`` is shown as its sentence in place of the drawing.

    >>> Explorer("Squares", lambda n: f"<p>{n * n}</p>", n=Control("Number", Whole(1, 9), 3))
    """

    def __init__(self, title, draw, limits=None, **controls):
        self.title, self._draw, self._limits, self._controls = title, draw, limits, controls
        self._notes, self._own = {}, {name: [] for name in controls}
        self.values = {name: control.value for name, control in controls.items()}
        self.panel = Panel(title=title, drawing=self._drawn(), **self._described())
        self._static = self._fallback()
        self._kept = Uploads()
        self.panel.observe(self._moved, "values")
        self.panel.on_msg(lambda panel, message, buffers: self._piece(buffers[0], **message))

    @property
    def shown(self):
        """The HTML of the drawing as it stands."""
        return self.panel.drawing

    def set(self, **values):
        """Move controls, as a hand would, and redraw once; what a control does not allow leaves it where it is."""
        if unknown := set(values) - set(self._controls):
            raise TypeError(f"{', '.join(unknown)}: one of {', '.join(self._controls)} is needed")
        self._move(values)
        return self

    def __repr__(self):
        return f"Explorer: {self.title} ({', '.join(control.label for control in self._controls.values())})"

    def _repr_mimebundle_(self, include=None, exclude=None):
        data, *_ = self.panel._repr_mimebundle_() or ({},)
        live = {VIEW: data[VIEW]} if VIEW in data else {}
        return {"text/plain": repr(self), "text/html": self._static, **live}

    def _moved(self, change):
        if change["new"] != self._described()["values"]:
            self._move(change["new"])

    def _move(self, values, **notes):
        """Take over ``values``, and show what becomes of them; ``notes`` are shown until the next move."""
        self._notes = notes
        for name, control in self._controls.items():
            value = control.nearest(values[name]) if name in values else None
            if value is not None:
                self.values[name] = value
                if isinstance(control.allowed, Photograph) and value not in (*control.allowed.values, *self._own[name]):
                    self._own[name].append(value)
        for name, limits in self._ranges().items():
            self.values[name] = self._controls[name].nearest(self.values[name], *limits)
        try:
            drawn = self._drawn()
        except ValueError as error:
            drawn = f'<p role="alert">{html.escape(str(error))}</p>'
        with self.panel.hold_sync():  # one message for all of it
            for name, state in {"drawing": drawn, **self._described()}.items():
                self.panel.set_trait(name, state)

    def _drawn(self):
        drawn = self._draw(**self.values)
        return drawn if isinstance(drawn, str) else drawn.html()

    def _ranges(self):
        return self._limits(**self.values) if self._limits else {}

    def _described(self):
        """The controls and their values as the page takes them."""
        ranges = self._ranges()
        controls = [
            control.described(name, *ranges.get(name, ()), own=self._own[name], note=self._notes.get(name, ""))
            for name, control in self._controls.items()
        ]
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in self.values.items()}
        return {"controls": controls, "values": values}

    def _piece(self, content, upload, file, start, size):
        """A piece of a file from the page, for the control ``upload``."""
        try:
            path = self._kept.piece(file, start, size, content)
        except (OSError, ValueError) as error:
            self._move({}, **{upload: f"{file} could not be kept: {error}"})
        else:
            if path:
                self._move({upload: str(path)}, **{upload: f"{file} ({size / 1e6:.1f} MB) has arrived."})

    def _fallback(self):
        settings = "; ".join(f"{control.label}: {_said(control.value)}" for control in self._controls.values())
        return (
            f"<div><p><strong>{html.escape(self.title)}</strong> ({html.escape(settings)})</p>{self.shown}"
            "<p><em>Run this cell in JupyterLab to get the controls.</em></p></div>"
        )


def _said(value):
    return ", ".join(value) if isinstance(value, tuple) else value
