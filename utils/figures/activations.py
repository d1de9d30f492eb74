"""The figures of the notebook on activations."""

import html
import io

import numpy as np
from matplotlib import colormaps
from matplotlib.patches import Rectangle
from PIL import Image, ImageDraw, ImageFont

from utils.activations.mosaics import BAD, BLANK, CONSTANT, GAP, LEVELS
from utils.figures import (
    BLACK,
    BLUE,
    COLOR_MAP,
    DOTS_PER_INCH,
    GREEN,
    ORANGE,
    SKY,
    VERMILION,
    Picture,
    new_figure,
    picture,
)

# The shades of a mosaic, then the colors of what is no value: none of them is in the color map.
PALETTE = np.zeros((256, 3), np.uint8)
PALETTE[:LEVELS] = np.round(255 * colormaps[COLOR_MAP](np.linspace(0, 1, LEVELS))[:, :3])
PALETTE[[GAP, BLANK, CONSTANT, BAD]] = [(255,) * 3, (205,) * 3, (230, 159, 0), (213, 94, 0)]
TEXT = LEVELS + 4  # black
LOOKS = {
    "blank": "gray: blank (0 everywhere)",
    "constant": "orange stripes: constant",
    "not finite": "red grid: not finite",
}
EXPLAINED = {
    "logit": "the class's logit, before the last softmax or sigmoid",
    "probability": "the class's probability, since the network does not show its logit",
    "output": "the network's output for the class, which is not a probability",
}
STYLES = ((BLUE, "-"), (ORANGE, "--"), (GREEN, "-."), (VERMILION, ":"))
KINDS = {"active": (BLUE, ""), "blank_here": (SKY, "///"), "dead": (BLACK, ""), "linear": (ORANGE, "xxx")}


def draw_mosaic(mosaic, layer, width=0, framed=None):
    """The ``Picture`` of a ``Mosaic``: each tile a channel of ``layer``; ``framed`` is marked with its number."""
    scale = "All channels share one scale" if mosaic.shared else "Each channel has its own scale"
    frame, codes = "", mosaic.codes
    if framed is not None:
        frame, codes = f" Channel {framed} is framed.", _with_frame(mosaic, framed)
    alt = f"{_count(mosaic)} of layer {layer}, each a map of the image{_marked(mosaic)}.{frame}"
    caption = f"{layer}: {_count(mosaic)}. {scale} from dark (lowest) to bright (highest).{_legend(mosaic)}{frame}"
    return Picture(_png(codes), alt, caption, width or codes.shape[1])


def describe_channel(channel, layer, number):
    """One channel's map, ``(rows, columns)``, in a sentence of HTML."""
    zeros, negative = np.mean(channel == 0), np.mean(channel < 0)
    share = f"≈ {zeros:.2f} of it is 0" if not negative else f"≈ {negative:.2f} of it is negative"
    text = f"{layer}, channel {number}: from ≈ {channel.min():.1f} to ≈ {channel.max():.1f}, {share}"
    return f"<p>{html.escape(text)}</p>"


def draw_channel(photograph, channel, height=200):
    """A photograph and beside it one channel's map of it, ``(rows, columns)``, in the shades of a mosaic."""
    low, high = channel.min(), channel.max()
    levels = (channel - low) / (high - low if high > low else 1) * (LEVELS - 1)
    sides = [Image.fromarray(_framed(photograph, channel)), Image.fromarray(PALETTE[levels.astype(int)])]
    sides = [each.resize((round(height * each.width / each.height), height), Image.Resampling.BOX) for each in sides]
    both = Image.new("RGB", (sides[0].width + sides[1].width + 8, height), "white")
    both.paste(sides[0], (0, 0))
    both.paste(sides[1], (sides[0].width + 8, 0))
    buffer = io.BytesIO()
    both.save(buffer, format="JPEG", quality=85)
    alt = f"The photograph, and the channel's map of it; {_where(channel - low)}."
    return Picture(buffer.getvalue(), alt, width=both.width, mime="image/jpeg")


def draw_contact_sheet(mosaics, width=900):
    """One ``Picture`` of many layers, ``{name: Mosaic}``, one below the other with their names."""
    font = ImageFont.load_default(15)
    widest = max(each.codes.shape[1] for each in mosaics.values())
    height = sum(each.codes.shape[0] + 26 for each in mosaics.values())
    sheet = Image.new("P", (widest, height), GAP)
    pen, top = ImageDraw.Draw(sheet), 0
    for name, each in mosaics.items():
        pen.text((2, top + 3), f"{name}: {_count(each)}{_marked(each)}".replace("≈ ", ""), fill=TEXT, font=font)
        sheet.paste(Image.fromarray(each.codes), (0, top + 26))
        top += each.codes.shape[0] + 26
    listed = "; ".join(f"{name} {_count(each)}{_marked(each)}" for name, each in mosaics.items())
    alt = f"The activations of one image in {len(mosaics)} layers: {listed}."
    caption = "Each tile is a channel, from dark (its lowest value) to bright (its highest)."
    return Picture(_png(np.asarray(sheet)), alt, caption + _legend(*mosaics.values()), min(width, widest))


def draw_kernels(kernels, oriented, columns=16):
    """First-layer kernels, ``(height, width, 3, filters)``, as color tiles; ``oriented`` ones are framed."""
    count = kernels.shape[-1]
    rows = -(-count // columns)
    figure, axes = new_figure(9, 0.62 * rows + 0.1, rows, columns, squeeze=False)
    for number, axis in enumerate(axes.flat):
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set(visible=number < count and bool(oriented[number]), color=VERMILION, linewidth=3)
        if number < count:
            kernel = kernels[..., number]
            axis.imshow(0.5 + 0.5 * kernel / max(np.abs(kernel).max(), 1e-12))
    alt = f"{count} kernels as color tiles; ≈ {np.mean(oriented):.2f} of them prefer one orientation and are framed."
    caption = "Gray is 0; each kernel has its own scale. Framed: more oriented than 95 % of random kernels."
    return picture(figure, alt, caption)


def draw_first_layers(measures, limit):
    """Orientation and color of first-layer kernels, ``{name: (orientation, opponency)}``, and the limit of each."""
    figure, axes = new_figure(9, 3.1, 1, len(measures), sharex=True, sharey=True)
    said = []
    for axis, (name, (orientation, opponency)) in zip(axes, measures.items(), strict=True):
        few = len(orientation) < 100
        axis.axvline(limit[name], color=ORANGE, linestyle="--", linewidth=1)
        axis.scatter(orientation, opponency, s=26 if few else 3, color=BLUE if few else SKY, alpha=0.9 if few else 0.3)
        axis.set(xlim=(-0.02, 0.85), ylim=(-0.03, 1.03), xlabel="orientation selectivity")
        beyond = np.mean(orientation > limit[name])
        axis.set_title(f"{name}: {beyond:.0%} oriented", fontsize=10)
        said.append(f"{name}: ≈ {beyond:.2f} of the kernels are oriented, mean opponency ≈ {opponency.mean():.1f}")
    axes[0].set_ylabel("color opponency")
    return picture(
        figure,
        f"Orientation selectivity against color opponency of first-layer kernels. {'; '.join(said)}.",
        "A dot is a kernel. Right of the dashed line: more oriented than 95 % of random kernels of that size. "
        "Bottom: sees brightness only; top: sees color contrasts only.",
    )


def draw_by_depth(panels, ylabel):
    """Lines over depth, ``{panel: {line: values}}``; ``values`` is ``(layers,)`` or ``(layers, repetitions)``."""
    figure, axes = new_figure(9, 3.0, 1, len(panels), squeeze=False, sharey=True)
    said = []
    for axis, (title, lines) in zip(axes[0], panels.items(), strict=True):
        for (name, values), (color, style) in zip(lines.items(), STYLES, strict=False):
            values = np.asarray(values).reshape(len(values), -1)
            depth, mean = np.linspace(0, 1, len(values)), values.mean(axis=1)
            axis.plot(depth, mean, color=color, linestyle=style, linewidth=2, label=name)
            axis.fill_between(depth, values.min(axis=1), values.max(axis=1), color=color, alpha=0.15, linewidth=0)
            third = max(1, len(mean) // 3)
            said.append(f"{title}, {name}: from ≈ {mean[:third].mean():.2f} to ≈ {mean[-third:].mean():.2f}")
        axis.set_title(title, fontsize=10)
        axis.set_xticks([0, 1], ["first layer", "last"])
        axis.legend(frameon=False, fontsize=8.5)
    axes[0][0].set_ylabel(ylabel)
    alt = f"{ylabel} against depth, mean of the first third of the layers and of the last. {'; '.join(said)}."
    return picture(
        figure, alt, f"Lines: means of {values.shape[1]} repetitions. Shaded: from the lowest to the highest."
    )


def draw_channel_kinds(rows):
    """The channels of each layer by kind, as shares: a bar for each ``Sparsity`` in ``rows``."""
    figure, axis = new_figure(9, 3.2)
    counts = np.array([[getattr(row, kind) for kind in KINDS] for row in rows], dtype=float)
    shares = counts / counts.sum(axis=1, keepdims=True)
    bottom = np.zeros(len(rows))
    for (kind, (color, hatch)), share in zip(KINDS.items(), shares.T, strict=True):
        if share.any():
            look = {"color": color, "hatch": hatch, "edgecolor": "white", "linewidth": 0.3}
            axis.bar(range(len(rows)), share, bottom=bottom, label=kind.replace("_", " "), **look)
        bottom += share
    axis.set_xticks(range(len(rows)), [row.layer.removesuffix("_relu") for row in rows], rotation=90, fontsize=7.5)
    axis.set(ylabel="share of the channels", ylim=(0, 1), xlim=(-0.6, len(rows) - 0.4))
    axis.legend(frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    first, last = (_shares(each) for each in shares[[0, -1]])
    return picture(figure, f"Channels by kind in {len(rows)} layers. First layer: {first}. Last: {last}.")


def draw_filters(ascents, value_range=(0, 255)):
    """Images that excite filters, a row for each ``Ascent``; a stuck one is crossed out."""
    columns = max(len(each.filters) for each in ascents)
    figure, axes = new_figure(9, 10.8 / columns * len(ascents), len(ascents), columns, squeeze=False)
    figure.get_layout_engine().set(h_pad=0.1)  # room for the rows' names, which are longer than a tile is wide
    low, high = value_range
    for row, ascent in zip(axes, ascents, strict=True):
        for axis, image, stuck in zip(row, ascent.images, ascent.stuck, strict=False):
            axis.imshow(np.clip((image - low) / (high - low), 0, 1))
            if stuck:
                axis.plot([0, image.shape[1] - 1], [0, image.shape[0] - 1], color=VERMILION, linewidth=3)
        for axis in row:
            axis.set(xticks=[], yticks=[])
            axis.spines[:].set_visible(False)
        label = f"{ascent.layer}, tiles of {ascent.images.shape[1]} pixels"
        row[0].annotate(label, (0, 1.03), xycoords="axes fraction", fontsize=9).set_in_layout(False)
    listed = "; ".join(f"{a.layer}: {len(a.filters)} filters, ≈ {a.stuck.mean():.2f} of them stuck" for a in ascents)
    alt = f"Images computed to excite single filters most. {listed}."
    return _photographic(figure, alt, "Each tile is the image of one filter. Crossed out: got stuck.", scale=1)


def draw_heatmaps(images, heatmaps, titles):
    """``Heatmaps`` or an ``Occlusion`` over their images, ``(height, width, 3)`` of 0…1 or bytes, one a map."""
    each = min(4.5, 9 / len(images))
    height = each * images[0].shape[0] / images[0].shape[1] + 0.3
    figure, axes = new_figure(each * len(images), height, 1, len(images), squeeze=False)
    for axis, image, heat, title in zip(axes[0], images, heatmaps.scaled, titles, strict=True):
        frame = {"extent": (0, image.shape[1], image.shape[0], 0)}
        axis.imshow(np.asarray(image) @ [0.299, 0.587, 0.114], cmap="gray", **frame)
        shades = {"cmap": "inferno", "alpha": 0.55, "vmin": 0, "vmax": max(1e-12, heat.max())}
        axis.imshow(heat, interpolation="bilinear", **shades, **frame)
        axis.set(xticks=[], yticks=[])
        axis.set_title(title, fontsize=9.5)
    pairs = zip(heatmaps.scaled, titles, strict=True)
    places = "; ".join(f"{title}: {_where(heat)}" for heat, title in pairs)
    explained = EXPLAINED[heatmaps.explained]
    alt = f"Heatmaps over photographs. They explain {explained}. {places}."
    caption = f"Bright: evidence for the class. Dark: none. The map explains {explained}."
    return _photographic(figure, alt, caption)


def draw_windows(photograph, windows):
    """A photograph with the receptive fields of units drawn in: ``{name: Window}``."""
    figure, axis = new_figure(8, 5.5 * photograph.shape[0] / photograph.shape[1])
    axis.imshow(photograph)
    for (name, window), color in zip(windows.items(), (SKY, ORANGE, VERMILION, GREEN), strict=False):
        height, width = window.shape
        for edge, thickness in (("black", 4), (color, 2)):
            frame = Rectangle((window.left, window.top), width, height, edgecolor=edge, linewidth=thickness)
            axis.add_patch(frame).set_fill(False)
        axis.plot([], [], "s", color=color, label=f"{name}: {height} × {width}")
    figure.legend(loc="outside right upper", frameon=False, title="receptive field, pixels")
    axis.axis("off")
    axis.set(xlim=(0, photograph.shape[1]), ylim=(photograph.shape[0], 0))
    listed = "; ".join(f"{name} {each.shape[0]} × {each.shape[1]} pixels" for name, each in windows.items())
    return _photographic(figure, f"What one unit sees of the photograph: {listed}.")


def draw_exciting(rows):
    """Parts of photographs that excite a channel most: ``{name: [(pixels, label)]}``, a row a channel."""
    columns = max(map(len, rows.values()))
    figure, axes = new_figure(9, 1.5 * len(rows), len(rows), columns, squeeze=False)
    for line, (name, parts) in zip(axes, rows.items(), strict=True):
        for axis in line:
            axis.axis("off")
        for axis, (pixels, label) in zip(line, parts, strict=False):
            axis.imshow(pixels)
            axis.set_title(label, fontsize=8)
        line[0].axis("on")
        line[0].set(xticks=[], yticks=[], ylabel=name)
        line[0].spines[:].set_visible(False)
    listed = "; ".join(f"{name}: {', '.join(label for _, label in parts)}" for name, parts in rows.items())
    return _photographic(figure, f"The parts of photographs that excite a channel most. {listed}.")


def draw_parts(photograph, parts, maps):
    """A photograph with its ``parts``, ``{name: boxes}``, and a channel's map for each, ``{name: (rows, columns)}``."""
    figure, axes = new_figure(9, 1.9, 1, 1 + len(maps))
    height, width = photograph.shape[:2]
    axes[0].imshow(photograph)
    axes[0].set_title(", ".join(parts), fontsize=9)
    said = []
    for axis, (name, heat) in zip(axes[1:], maps.items(), strict=True):
        axis.imshow(photograph @ [0.299, 0.587, 0.114], cmap="gray")
        axis.imshow(heat, cmap="inferno", alpha=0.6, interpolation="nearest", extent=(0, width, height, 0))
        axis.set_title(f"a channel for the {name}", fontsize=9)
        row, column = (np.array(np.unravel_index(heat.argmax(), heat.shape)) + 0.5) / heat.shape
        said.append(f"{name}: strongest ≈ {column:.1f} of the way from left to right, ≈ {row:.1f} from top to bottom")
    for axis, boxes in zip(axes, [sum(parts.values(), ()), *(parts[name] for name in maps)], strict=True):
        axis.axis("off")
        for box in boxes:
            (high, wide), corner = box.shape, (box.left, box.top)
            axis.add_patch(Rectangle(corner, wide, high, fill=False, edgecolor=SKY, linewidth=1.5))
    alt = f"Boxes around the {', '.join(parts)} in a photograph, and a deep channel's map for each. {'; '.join(said)}."
    return _photographic(figure, alt, "Frames: the part. Bright: where the channel responds most.")


def _photographic(figure, alt, caption="", scale=1.5):
    """The ``Picture`` of a figure with photographs in it: as JPEG, since 256 colors would show as bands."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="jpeg", dpi=scale * DOTS_PER_INCH, pil_kwargs={"quality": 70, "optimize": True})
    width = round(figure.get_figwidth() * DOTS_PER_INCH)
    return Picture(buffer.getvalue(), alt, caption, width, "image/jpeg")


def _with_frame(mosaic, number):
    """The codes of a mosaic with a frame around one tile and the channel's number in it."""
    (height, width), (row, column) = mosaic.tile, divmod(number, mosaic.columns)
    image = Image.fromarray(mosaic.codes)
    pen, font = ImageDraw.Draw(image), ImageFont.load_default(11)
    left, top = column * (width + 2), row * (height + 2)
    pen.rectangle((left, top, left + width + 1, top + height + 1), outline=BAD, width=2)
    # The number may be wider than its tile; it stays inside the picture.
    _, _, right, bottom = (round(side) for side in pen.textbbox((0, 0), str(number), font=font))
    left, top = min(left + 2, image.width - right - 2), min(top + 2, image.height - bottom - 2)
    pen.rectangle((left, top, left + right + 1, top + bottom + 1), fill=GAP)
    pen.text((left + 1, top), str(number), fill=TEXT, font=font)
    return np.asarray(image)


def _png(codes):
    image = Image.fromarray(codes)
    image.putpalette(PALETTE.tobytes())
    buffer = io.BytesIO()
    image.save(buffer, format="PNG", compress_level=1)  # the best one takes three times as long to save a twentieth
    return buffer.getvalue()


def _count(mosaic):
    count = len(mosaic.low)
    return f"{count} channel{'s' * (count != 1)}"


def _marked(mosaic):
    said = [f"≈ {count} {name}" for name, count in mosaic.marked.items() if count]
    return f" ({', '.join(said)})" if said else ""


def _legend(*mosaics):
    shown = [look for name, look in LOOKS.items() if any(mosaic.marked[name] for mosaic in mosaics)]
    return f" {'; '.join(shown).capitalize()}." if shown else ""


def _framed(photograph, channel):
    """The middle of the photograph in the proportions of the map: networks that want a square cut one out."""
    (height, width), (rows, columns) = photograph.shape[:2], channel.shape
    tall, wide = min(height, round(width * rows / columns)), min(width, round(height * columns / rows))
    top, left = (height - tall) // 2, (width - wide) // 2
    return np.ascontiguousarray(photograph[top : top + tall, left : left + wide, :3])


def _shares(shares):
    return ", ".join(
        f"{kind.replace('_', ' ')} ≈ {share:.2f}" for kind, share in zip(KINDS, shares, strict=True) if share
    )


def _where(heat):
    """Where the middle of a heatmap's heat lies, in words."""
    if heat.max() <= 0:
        return "no heat anywhere"
    across, down = ((heat.sum(axis=axis) / heat.sum()) @ np.linspace(0, 1, heat.shape[1 - axis]) for axis in (0, 1))
    return f"the middle of the heat is ≈ {across:.1f} of the way from left to right, ≈ {down:.1f} from top to bottom"
