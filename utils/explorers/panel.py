"""The widget behind every explorer: one for all its controls and its drawing, with the page's side in ``panel.js``.

The controls are the browser's own, so each has a name for screen readers and obeys the keyboard; no key that is
pressed in one reaches JupyterLab. Without its kernel the last drawing stays, and the controls go.
"""

from pathlib import Path

import anywidget
import traitlets

HERE = Path(__file__).parent


class Panel(anywidget.AnyWidget):
    """What the page shows: ``controls`` as ``Control.described`` gives them, their ``values``, and the ``drawing``."""

    _esm = (HERE / "panel.js").read_text(encoding="utf-8")
    _css = (HERE / "panel.css").read_text(encoding="utf-8")
    title = traitlets.Unicode().tag(sync=True)
    controls = traitlets.List().tag(sync=True)
    values = traitlets.Dict().tag(sync=True)
    drawing = traitlets.Unicode().tag(sync=True)
