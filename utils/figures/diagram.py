"""A network drawn as a block diagram: one box a layer call, the longest path straight down, shortcuts beside it."""

import html
import math
from dataclasses import dataclass
from itertools import pairwise

import keras

from utils import arithmetic
from utils.arithmetic.costs import costs as costs_of
from utils.figures import BLUE, Picture
from utils.keras_graph import has_graph, nodes

ROW, BOX_HEIGHT, RADIUS, MARGIN, GAP = 58, 40, 13, 14, 22  # pixels
BOLD, PLAIN = 7.9, 6.9  # pixels a character, on the wide side: the reader's font is not ours
SYMBOLS = {"Add": "+", "Subtract": "−", "Multiply": "×", "Concatenate": "‖", "Average": "ø", "Maximum": "max"}
TINTS = (
    ("Conv", "#D6E9F8"),
    ("BatchNormalization", "#FBE3B5"),
    ("LayerNormalization", "#FBE3B5"),
    ("Pooling", "#D2EFE4"),
    ("Dense", "#F3DCE9"),
)
OTHER_TINT = "#EEEEEE"


@dataclass(frozen=True)
class Box:
    """One call of a layer: what it is, the shape that comes out, and its parameters (0 from the second call on)."""

    kind: str
    detail: str
    shape: str
    parameters: int
    parents: tuple[int, ...]

    @property
    def title(self):
        return self.kind + self.detail

    @property
    def size(self):
        count = f"{self.parameters:,} parameter{'s' * (self.parameters != 1)}" if self.parameters else ""
        return f"{self.shape} · {count}" if count else self.shape

    @property
    def symbol(self):
        return SYMBOLS.get(self.kind) if len(self.parents) > 1 else None

    @property
    def half_width(self):
        if self.symbol:
            return RADIUS
        return (max(len(self.title) * BOLD, len(self.size) * PLAIN) + 20) / 2

    def __str__(self):
        return f"{self.title} → {self.size}"


def diagram(model, alt=None, caption=""):
    """The ``Picture`` of a Keras model: every layer with its kind, output shape (without the batch) and parameters.

    ``model`` is functional, or sequential with a known input shape; a model inside it is one box. ``alt``
    defaults to the same in words. Raises ``TypeError`` for a model whose graph Keras does not know.
    """
    trainable = sum(math.prod(weight.shape) for weight in model.trainable_weights)
    return _draw(read(model), model.count_params(), trainable, alt, caption)


def plan(layer, shape, alt=None, caption=""):
    """The same ``Picture`` of a layer of ``utils.arithmetic`` for an input of ``shape``; nothing is built."""
    boxes, count = [Box("Input", "", _shape(shape), 0, ())], layer.parameters(shape)
    _planned(layer, shape, boxes, 0)
    return _draw(boxes, count.value, count.trainable, alt, caption)


def costs(layer, shape):
    """What ``layer`` gives for inputs of ``shape``, holds and costs, as a table in HTML."""
    cells = "".join(
        f'<tr><th scope="row" style="text-align:left">{html.escape(name)}</th>'
        f'<td style="text-align:right">{value}</td></tr>'
        for name, value in costs_of(layer, shape)
    )
    return f"<table>{cells}</table>"


def _draw(boxes, parameters, trainable, alt, caption):
    main, branches = _branches(boxes)
    total = f"{parameters:,} parameters"
    if trainable != parameters:
        total += f", {trainable:,} of them trainable"
    alt = alt or _words(boxes, main, branches, total)
    svg, width = _svg(boxes, main, branches, total, alt)
    return Picture(svg.encode(), alt, caption, width, "image/svg+xml")


def read(model):
    """The layer calls of ``model`` as a list of ``Box``, each after its parents (indices into the list)."""
    if not has_graph(model):
        raise TypeError(
            f"{type(model).__name__} {model.name!r} has no graph to draw: a functional model is needed, "
            "or a Sequential one that starts with keras.Input(shape)"
        )
    seen, boxes = set(), []
    for node in nodes(model):
        layer = node.operation
        again = id(layer) in seen
        seen.add(id(layer))
        count = 0 if again or not isinstance(layer, keras.layers.Layer) else layer.count_params()
        detail = _detail(layer) + (" (shared)" if again else "")
        boxes.append(Box(_kind(layer), detail, _shape(node.outputs[0].shape[1:]), count, node.parents))
    return boxes


def _planned(layer, shape, boxes, start):
    """Append the boxes of ``layer``, which takes what box ``start`` gives; the number of the box that ends it."""
    if isinstance(layer, arithmetic.Sequential):
        for each, given, _ in layer.rows(shape):
            start = _planned(each, given, boxes, start)
        return start
    if isinstance(layer, arithmetic.Residual):
        ends = _planned(layer.body, shape, boxes, start), _planned(layer.shortcut, shape, boxes, start)
        box = Box("Add", "", _shape(layer.output_shape(shape)), 0, ends)
    else:
        kind = layer.name if isinstance(layer, arithmetic.Elementwise) else type(layer).__name__
        box = Box(kind, _detail(layer), _shape(layer.output_shape(shape)), int(layer.parameters(shape)), (start,))
    boxes.append(box)
    return len(boxes) - 1


def _kind(layer):
    return "Input" if isinstance(layer, keras.layers.InputLayer) else type(layer).__name__


def _shape(shape):
    return "×".join("?" if size is None else str(size) for size in shape)


def _detail(layer):
    """What decides a layer's work beside its output shape: window, stride, dilation, rate, activation."""
    if isinstance(layer, keras.Model):
        return f" of {len(layer.layers)} layers"
    if isinstance(layer, keras.layers.Dropout):
        return f" {layer.rate:g}"
    pool = _axes(layer, "pool_size")
    window, strides, dilation = (
        _axes(layer, "kernel_size") or pool,
        _axes(layer, "strides"),
        _axes(layer, "dilation_rate"),
    )
    detail = f" {_shape(window)}" if window else ""
    if strides != pool and set(strides) != {1}:
        detail += f", stride {_shape(dict.fromkeys(strides))}"
    if set(dilation) - {1}:
        detail += f", dilation {_shape(dict.fromkeys(dilation))}"
    activation = getattr(layer, "activation", None)
    if activation is not None and activation is not keras.activations.linear:
        detail += f", {getattr(activation, '__name__', activation)}"
    return detail


def _axes(layer, name):
    """An attribute that holds a number for each axis, or one for both; () where the layer has none."""
    value = getattr(layer, name, ())
    return (value, value) if isinstance(value, int) else tuple(value)


@dataclass(frozen=True)
class Branch:
    """A way beside the main path: from ``fork`` through ``inner`` to ``join``; an end may be missing (``None``)."""

    fork: int | None
    inner: tuple[int, ...]
    join: int | None


def _branches(boxes):
    """The longest path, and all other ways as branches: first those with layers, then the bare shortcuts."""
    depth = _depths(boxes)
    main = [max(range(len(boxes)), key=depth.__getitem__)]
    while boxes[main[0]].parents:
        main.insert(0, max(boxes[main[0]].parents, key=depth.__getitem__))
    placed, used, branches = set(main), set(pairwise(main)), []
    while len(placed) < len(boxes):
        chain = [max((i for i in range(len(boxes)) if i not in placed), key=depth.__getitem__)]
        while free := [parent for parent in boxes[chain[0]].parents if parent not in placed]:
            chain.insert(0, max(free, key=depth.__getitem__))
        fork = max(boxes[chain[0]].parents, key=depth.__getitem__, default=None)
        join = next((i for i in range(len(boxes)) if chain[-1] in boxes[i].parents), None)
        ends = [end for end in (fork, *chain, join) if end is not None]
        used |= set(pairwise(ends))
        placed |= set(chain)
        branches.append(Branch(fork, tuple(chain), join))
    rest = [(parent, i) for i, box in enumerate(boxes) for parent in box.parents if (parent, i) not in used]
    return main, branches + [Branch(fork, (), join) for fork, join in rest]


def _depths(boxes):
    depth = []
    for box in boxes:
        depth.append(1 + max((depth[parent] for parent in box.parents), default=-1))
    return depth


def _rows(boxes, main, branches):
    """The row of every box: its distance from the input; a side branch stands in the middle of its way."""
    row = dict(enumerate(_depths(boxes)))
    for branch in branches:
        inner = branch.inner
        children = sum(i in box.parents for i in inner for box in boxes)
        parents = sum(len(boxes[i].parents) for i in inner)
        if inner and {branch.fork, branch.join} <= set(main) and children == parents == len(inner):
            first = row[branch.fork] + 1 + (row[branch.join] - row[branch.fork] - 1 - len(inner)) // 2
            row.update({i: first + k for k, i in enumerate(inner)})
    return row


def _lanes(row, branches):
    """For each branch the number of its lane, counted from the main path: short ones near it, no two in one place."""
    spans = [
        (
            row[branch.inner[0]] - 1 if branch.fork is None else row[branch.fork],
            row[branch.inner[-1]] + 1 if branch.join is None else row[branch.join],
        )
        for branch in branches
    ]
    lanes, taken = [None] * len(branches), []
    outside_last = sorted(range(len(branches)), key=lambda b: (branches[b].join is None, spans[b][1] - spans[b][0], b))
    for b in outside_last:
        top, bottom = spans[b]
        free = (k for k, lane in enumerate(taken) if all(bottom <= above or below <= top for above, below in lane))
        lanes[b] = next(free, len(taken))
        if lanes[b] == len(taken):
            taken.append([])
        taken[lanes[b]].append(spans[b])
    return lanes


def _svg(boxes, main, branches, total, alt):
    """The SVG's text and its width in pixels."""
    row = _rows(boxes, main, branches)
    lanes = _lanes(row, branches)
    labels = [len(f"{boxes[i].kind} {boxes[i].size}") * BOLD + RADIUS + 8 for i in main if boxes[i].symbol]
    half = max(boxes[i].half_width for i in main)
    middle = MARGIN + max([half, *labels])
    right, lane_x = middle + half, []
    for lane in range(max(lanes, default=-1) + 1):
        inner = [i for b, branch in enumerate(branches) if lanes[b] == lane for i in branch.inner]
        half = max((boxes[i].half_width for i in inner), default=4)
        lane_x.append(right + GAP + half)
        right += GAP + 2 * half
    x = dict.fromkeys(main, middle)
    x |= {i: lane_x[lanes[b]] for b, branch in enumerate(branches) for i in branch.inner}
    places = {i: (x[i], MARGIN + BOX_HEIGHT / 2 + row[i] * ROW) for i in x}
    lines = [_down(boxes, places, pair) for pair in pairwise(main)]
    beside = [line for b, branch in enumerate(branches) for line in _beside(boxes, places, branch, lane_x[lanes[b]])]
    width = round(max(right, MARGIN + len(total) * BOLD) + MARGIN)
    height = round(max(y for _, y in places.values()) + BOX_HEIGHT / 2 + MARGIN + 26)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'role="img" font-family="Helvetica, Arial, sans-serif" font-size="12">'
        f"<title>Block diagram: {html.escape(total)}</title><desc>{html.escape(alt)}</desc>"
        '<defs><marker id="arrow" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="11" markerHeight="11" '
        'orient="auto" markerUnits="userSpaceOnUse"><path d="M0 0L8 4L0 8z" fill="#333"/></marker></defs>'
        f'<rect width="{width}" height="{height}" fill="white"/><g fill="none" stroke="#333" stroke-width="1.5">'
        + "".join(lines)
        + f'</g><g fill="none" stroke="{BLUE}" stroke-width="2.5">'
        + "".join(beside)
        + "</g>"
        + "".join(_drawn(box, *places[i]) for i, box in enumerate(boxes))
        + f'<text x="{MARGIN}" y="{height - MARGIN}" font-weight="bold">{html.escape(total)}</text></svg>'
    ), width


def _half_height(box):
    return RADIUS if box.symbol else BOX_HEIGHT / 2


def _down(boxes, places, pair):
    (above, below), x = pair, places[pair[0]][0]
    start, end = places[above][1] + _half_height(boxes[above]), places[below][1] - _half_height(boxes[below])
    return f'<path d="M{x:g} {start:g}V{end:g}" marker-end="url(#arrow)"/>'


def _beside(boxes, places, branch, lane):
    """The lines of one branch: out of the fork's arrow, down its lane through its layers, into the join's side."""
    lines = [_down(boxes, places, pair) for pair in zip(branch.inner, branch.inner[1:], strict=False)]
    way = ""
    if branch.fork is not None:
        x, y = places[branch.fork]
        y += ROW / 2 - 3
        turn = 8 if lane > x else -8 if lane < x else 0
        way = f"M{x:g} {y:g}H{lane - turn:g}q{turn} 0 {turn} 8"
        if branch.inner:
            lines.append(f'<path d="{way}V{places[branch.inner[0]][1] - BOX_HEIGHT / 2:g}" marker-end="url(#arrow)"/>')
    if branch.join is not None:
        x, y = places[branch.join]
        if branch.inner:
            way = f"M{lane:g} {places[branch.inner[-1]][1] + BOX_HEIGHT / 2:g}"
        side = boxes[branch.join].half_width
        end, turn = (x + side, -12) if lane > x else (x - side, 12)
        lines.append(f'<path d="{way}V{y - 12:g}q0 12 {turn} 12H{end:g}" marker-end="url(#arrow)"/>')
    return lines


def _drawn(box, x, y):
    if box.symbol:
        return (
            f'<circle cx="{x:g}" cy="{y:g}" r="{RADIUS}" fill="white" stroke="black" stroke-width="1.5"/>'
            f'<text x="{x:g}" y="{y + 5:g}" text-anchor="middle" font-size="15" font-weight="bold">{box.symbol}</text>'
            f'<text x="{x - RADIUS - 8:g}" y="{y + 4:g}" text-anchor="end">'
            f'<tspan font-weight="bold">{html.escape(box.kind)}</tspan> {html.escape(box.size)}</text>'
        )
    tint = next((color for part, color in TINTS if part in box.kind), OTHER_TINT)
    return (
        f'<rect x="{x - box.half_width:g}" y="{y - BOX_HEIGHT / 2:g}" width="{2 * box.half_width:g}" '
        f'height="{BOX_HEIGHT}" rx="5" fill="{tint}" stroke="#333"/>'
        f'<text x="{x:g}" y="{y - 3:g}" text-anchor="middle" font-size="13" font-weight="bold">'
        f"{html.escape(box.title)}</text>"
        f'<text x="{x:g}" y="{y + 13:g}" text-anchor="middle">{html.escape(box.size)}</text>'
    )


def _words(boxes, main, branches, total):
    """The diagram as sentences."""
    words = f"Block diagram, {total}. Main path: {'; '.join(str(boxes[i]) for i in main)}."
    for branch in branches:
        ends = [boxes[end].title if end is not None else None for end in (branch.fork, branch.join)]
        way = "; ".join(str(boxes[i]) for i in branch.inner) or "nothing on the way"
        start = f" from {ends[0]}" if ends[0] else ""
        stop = f" to {ends[1]}" if ends[1] else ""
        words += f" Beside it{start}{stop}: {way}."
    return words
