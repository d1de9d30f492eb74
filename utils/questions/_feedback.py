"""How a judgment, a hint or a solution is shown: as text and as HTML without script."""

import html
from dataclasses import dataclass

TITLES = {
    "unanswered": ("○", "Not answered yet."),
    "right": ("✓", "Right."),
    "slip": ("✗", "Not yet: {slip}."),
    "wrong": ("✗", "Not yet."),
    "unreadable": ("?", "This could not be read as an answer."),
    "noted": ("○", "Your prediction is noted."),
    "exam": ("○", "Your answer is noted."),
    "not-asked": ("○", "Not asked."),
}
COLORS = {"right": "success", "slip": "warn", "wrong": "warn"}  # JupyterLab's names; all others: info


@dataclass(frozen=True)
class Help:
    """A hint or a solution for display; ``code`` is shown as it is, below the lines."""

    title: str
    lines: list[str]
    code: str = ""

    def __str__(self):
        return as_text(f"{self.title}:", [*self.lines, *self.code.splitlines()])

    __repr__ = __str__

    def _repr_mimebundle_(self, include=None, exclude=None):
        shown = as_html(f"{self.title}:", self.lines, "currentColor", self.code)
        return {"text/plain": str(self), "text/html": shown}


def title(verdict, slip):
    """The first line of what a student is told."""
    symbol, words = TITLES[verdict]
    return f"{symbol} {words.format(slip=slip)}"


def color(verdict):
    """The color that goes with a verdict, for CSS: the theme's own."""
    return f"var(--jp-{COLORS.get(verdict, 'info')}-color1, currentColor)"


def as_text(heading, lines):
    return "\n".join([heading, *(f"  {line}" for line in lines)])


def as_html(heading, lines, border, code=""):
    text = "".join(f"<div>{html.escape(line)}</div>" for line in lines)
    text += f'<pre style="margin:4px 0 0;overflow-x:auto">{html.escape(code)}</pre>' if code else ""
    return (
        f'<div role="status" style="border-left:4px solid {border};padding:4px 12px;color:inherit">'
        f"<strong>{html.escape(heading)}</strong>{text}</div>"
    )
