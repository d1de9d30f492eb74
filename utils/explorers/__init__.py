"""Explorers: controls over a drawing function, redrawn at every change.

An explorer holds no logic of its own: a function of the rooms below turns the controls' values into HTML
or a ``Picture``. Where no kernel runs (GitHub, the HTML pages, a notebook just opened) the drawing of the
defaults shows in its place.
"""

import contextlib
import html
import re
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import ipywidgets

from utils.parameters import Choice, Real, Text, Whole

VIEW = "application/vnd.jupyter.widget-view+json"


@dataclass(frozen=True)
class File(Text):
    """The path of a file of one's own. Beside its field a button takes one from where the browser runs."""


@dataclass(frozen=True)
class Control:
    """A labelled control over the values that ``allowed`` allows, at first ``value``.

    ``Whole`` and ``Real`` become a slider with a number box beside it (sliders have no name that a screen
    reader could say, number boxes have), ``Choice`` a drop-down list, of True and False a check box,
    ``Text`` a line of text, ``File`` one with a button that uploads a file: the line then holds its path.
    """

    label: str
    allowed: Whole | Real | Choice | Text
    value: object

    def __post_init__(self):
        if not self.allowed.allows(self.value):
            raise ValueError(f"{self.label}={self.value!r}: {self.allowed} is needed")


class Explorer:
    """Controls, and below them what ``draw(**values)`` makes of their values: HTML, or a ``Picture``.

    ``controls`` maps the names of ``draw``'s arguments to a ``Control`` each. Where the range of a number
    depends on other controls, ``limits(**values)`` returns the new ranges as ``{name: (low, high)}``. A
    ``ValueError`` of ``draw`` is shown as its sentence in place of the drawing.

    >>> Explorer("Squares", lambda n: f"<p>{n * n}</p>", n=Control("Number", Whole(1, 9), 3))
    """

    def __init__(self, title, draw, limits=None, **controls):
        self.title, self._draw, self._limits, self._controls = title, draw, limits, controls
        self._inputs = {name: _widget(control) for name, control in controls.items()}
        self._drawing = ipywidgets.HTML(self._drawn(**{name: each.value for name, each in controls.items()}))
        self._static = self._fallback()
        self._setting = False
        rows = [row for _, row in self._inputs.values()]
        heading = ipywidgets.HTML(f"<strong>{html.escape(title)}</strong>")
        beside = ipywidgets.Layout(display="flex", flex_flow="row wrap", grid_gap="8px 24px")
        controls = ipywidgets.VBox(rows)
        self.view = ipywidgets.VBox([heading, ipywidgets.Box([controls, self._drawing], layout=beside)])
        self._adjust()
        for widget, _ in self._inputs.values():
            widget.observe(lambda change: self._changed(), "value")

    @property
    def values(self):
        """What the controls stand at."""
        return {name: widget.value for name, (widget, _) in self._inputs.items()}

    @property
    def shown(self):
        """The HTML of the drawing as it stands."""
        return self._drawing.value

    def set(self, **values):
        """Move controls, as a hand would, and redraw once."""
        self._setting = True
        try:
            for name, value in values.items():
                self._inputs[name][0].value = value
        finally:
            self._setting = False
        self._changed()
        return self

    def __repr__(self):
        return f"Explorer: {self.title} ({', '.join(control.label for control in self._controls.values())})"

    def _repr_mimebundle_(self, include=None, exclude=None):
        view = self.view._repr_mimebundle_() or {}
        live = {VIEW: view[VIEW]} if VIEW in view else {}
        return {"text/plain": repr(self), "text/html": self._static, **live}

    def _changed(self):
        if self._setting:
            return
        self._adjust()
        try:
            self._drawing.value = self._drawn(**self.values)
        except ValueError as error:
            self._drawing.value = f'<p role="alert">{html.escape(str(error))}</p>'

    def _adjust(self):
        """Bring the ranges up to date; a value outside its new range moves to the nearest end."""
        if self._limits is None:
            return
        self._setting = True
        for name, (low, high) in self._limits(**self.values).items():
            widget, row = self._inputs[name]
            for each in (widget, row.children[0]):
                each.max = max(high, each.min)
                each.min = low
                each.max = high
        self._setting = False

    def _drawn(self, **values):
        drawn = self._draw(**values)
        return drawn if isinstance(drawn, str) else drawn.html()

    def _fallback(self):
        settings = "; ".join(f"{control.label}: {control.value}" for control in self._controls.values())
        return (
            f"<div><p><strong>{html.escape(self.title)}</strong> ({html.escape(settings)})</p>{self._drawing.value}"
            "<p><em>Run this cell in JupyterLab to get the controls.</em></p></div>"
        )


def _widget(control):
    """The widget that holds the value, and the row of widgets to show."""
    allowed, value = control.allowed, control.value
    named = {"description": control.label, "style": {"description_width": "13em"}, "value": value}
    if isinstance(allowed, Whole | Real):
        whole = isinstance(allowed, Whole)
        limits = {"min": allowed.low, "max": allowed.high, "step": allowed.step if whole else _fine(allowed)}
        box = (ipywidgets.BoundedIntText if whole else ipywidgets.BoundedFloatText)(
            **named, **limits, layout={"width": "19em"}
        )
        slider = (ipywidgets.IntSlider if whole else ipywidgets.FloatSlider)(
            value=value, **limits, readout=False, layout={"width": "14em"}
        )
        ipywidgets.link((box, "value"), (slider, "value"))
        return slider, ipywidgets.HBox([box, slider])
    if isinstance(allowed, Text):
        widget = ipywidgets.Text(**named, continuous_update=False, layout={"width": "42em"})
        if isinstance(allowed, File):
            return widget, ipywidgets.HBox([widget, _upload_into(widget)])
    elif set(allowed.values) == {True, False}:
        widget = ipywidgets.Checkbox(value=value, description=control.label, indent=False)
    else:
        widget = ipywidgets.Dropdown(**named, options=allowed.values, layout={"width": "28em"})
    return widget, ipywidgets.HBox([widget])


def _upload_into(field):
    """A button for one image; what it brings is kept while the kernel lives, and ``field`` gets its path."""
    # A Jupyter server drops larger messages, and the page says nothing.
    button = ipywidgets.FileUpload(accept="image/*", description="Upload (up to 10 MB)", layout={"width": "17em"})

    def keep(change):
        for file in change["new"]:
            # A folder of its own: the same name may come twice, with another picture in it.
            path = Path(tempfile.mkdtemp(dir=_uploads().name)) / _file_name(file["name"])
            with contextlib.suppress(OSError):  # a full disk leaves half a file, and whoever reads it says so
                path.write_bytes(file["content"])
            field.value = str(path)
        button.value = ()  # the same file may come again

    button.observe(keep, "value")
    return button


@cache
def _uploads():
    return tempfile.TemporaryDirectory(prefix="uploads-")


def _file_name(given):
    """The name as the browser gives it, without what could lead out of a folder."""
    return re.sub(r"[^\w. -]", "_", given)[-60:].lstrip(". ") or "image"


def _fine(allowed):
    return (allowed.high - allowed.low) / 100
