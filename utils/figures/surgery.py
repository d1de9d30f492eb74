"""The figures of the notebook on surgery."""

import html
import io

import numpy as np
from PIL import Image

from utils.figures import BLUE, ORANGE, SKY, VERMILION, Picture, new_figure, picture

GRAY = "#999999"


def draw_labels(photographs, tops):
    """Photographs, ``{name: pixels}``, beside their most probable classes, ``{name: [(class, probability), …]}``."""
    figure, axes = new_figure(7.5, 1.55 * len(photographs), len(photographs), 2, width_ratios=(1, 3), squeeze=False)
    for (shown, bars), (name, pixels) in zip(axes, photographs.items(), strict=True):
        shown.imshow(np.asarray(pixels).squeeze(), cmap="gray")
        shown.axis("off")
        _bars(bars, tops[name], tops[name][0][0])
        bars.set_title(name, fontsize=10, loc="left")
    alt = "; ".join(f"{name}: {_spoken(tops[name])}" for name in photographs)
    return picture(
        figure,
        f"Photographs and the network's most probable classes. {alt}.",
        "Each photograph as the network sees it, and the probabilities of its three best classes.",
    )


def draw_operation(photograph, tops, intact):
    """A photograph, the ``intact`` network's ``(class, probability)``, and the ``tops`` after an operation, as HTML."""
    label, probability = intact
    rows = "".join(
        f'<tr><th scope="row" style="text-align:right;font-weight:{"bold" if name == label else "normal"}">'
        f'{html.escape(name)}</th><td style="width:12em">'
        f'<div style="width:{round(100 * value)}%;height:1em;background:{BLUE}"></div></td><td>≈ {value:.2f}</td></tr>'
        for name, value in tops
    )
    said = f"Without any operation: {html.escape(label)}, ≈ {probability:.2f}. With yours:"
    return f"{_shown(photograph).html()}<p>{said}</p><table>{rows}</table>"


def draw_answers(answers, label, columns=2):
    """The most probable classes after operations, ``{title: [(class, probability), …]}``; ``label`` is highlighted."""
    rows = -(-len(answers) // columns)
    figure, axes = new_figure(4.2 * columns, 0.5 + 1.35 * rows, rows, columns, squeeze=False)
    for axis in axes.flat[len(answers) :]:
        axis.remove()
    for axis, (title, tops) in zip(axes.flat, answers.items(), strict=False):
        _bars(axis, tops, label)
        axis.set_title(title, fontsize=10, loc="left")
    alt = "; ".join(f"{title}: {_spoken(tops)}" for title, tops in answers.items())
    return picture(
        figure,
        f"Most probable classes after each operation. {alt}.",
        f"Filled bars: {label}, the intact network's label. Pale bars: other classes. The number is the probability.",
    )


def draw_anatomy(blocks):
    """The network's blocks in order: the side of their maps, their shortcuts, their parameters."""
    figure, (maps, parameters) = new_figure(8.5, 4.2, 2, 1, sharex=True, height_ratios=(3, 2))
    places = np.arange(len(blocks))
    for place, block in zip(places, blocks, strict=True):
        height = np.log2(block.output_shape[0])
        color, hatch, ground = (BLUE, "", BLUE) if block.residual else (ORANGE, "//", "white")
        maps.bar(place, height, 0.72, color=color, hatch=hatch, edgecolor="white")
        maps.text(place, height / 2, f"{block.kernel_size}×{block.kernel_size}", ha="center", va="center", fontsize=8,
                  color="white" if block.residual else "black",
                  bbox={"boxstyle": "round,pad=0.15", "facecolor": ground, "linewidth": 0})  # fmt: skip
        maps.text(place, height + 0.15, f"{block.output_shape[2]}", ha="center", va="bottom", fontsize=8)
        if block.residual:
            arc = {"arrowstyle": "-|>", "connectionstyle": "arc3,rad=-0.6", "color": BLUE, "linewidth": 1.4}
            maps.annotate("", (place + 0.42, height + 0.75), (place - 0.42, height + 0.75), arrowprops=arc)
    maps.set_yticks([0, *np.log2([7, 14, 28, 56, 112])], ["", 7, 14, 28, 56, 112])
    maps.set(ylabel="side of the maps (pixels)", ylim=(0, 8.6))
    parameters.bar(
        places,
        [block.parameters / 1000 for block in blocks],
        0.72,
        color=[BLUE if block.residual else ORANGE for block in blocks],
    )
    parameters.set(ylabel="parameters (1,000)")
    parameters.set_xticks(places, [block.name.removeprefix("block") for block in blocks])
    parameters.set_xlabel("block")
    residual = [block.name.removeprefix("block") for block in blocks if block.residual]
    first, last = blocks[0], blocks[-1]
    return picture(
        figure,
        f"{len(blocks)} blocks. Maps shrink from {first.output_shape[0]} to {last.output_shape[0]} pixels while "
        f"channels grow from {first.output_shape[2]} to {last.output_shape[2]}. With a shortcut: "
        f"{', '.join(residual)}. Parameters grow from {first.parameters:,} to {last.parameters:,}.",
        "Plain blue bars with an arrow have a shortcut; hatched orange ones have none. Above each bar: its channels; "
        "inside: its depthwise filter.",
    )


def draw_kept(lesions, images):
    """The share of its label's probability that each image keeps after each operation; ``images`` are their names."""
    rows, columns = lesions.kept.shape
    figure, axis = new_figure(1.6 + 1.45 * columns, 0.9 + 0.34 * rows)
    axis.imshow(np.clip(lesions.kept, 0, 1), cmap="Blues", vmin=0, vmax=1.6, aspect="auto")
    for row, column in np.ndindex(rows, columns):
        after = lesions.labels_after[row, column]
        changed = "" if after == lesions.labels[column] else f" → {_short(after)}"
        axis.text(column, row, f"{lesions.kept[row, column]:.2f}{changed}", ha="center", va="center", fontsize=8)
    axis.set_xticks(
        range(columns), [f"{name}\n{_short(label)}" for name, label in zip(images, lesions.labels, strict=True)]
    )
    axis.set_yticks(range(rows), lesions.operations)
    axis.tick_params(length=0)
    axis.xaxis.tick_top()
    axis.spines[:].set_visible(False)
    spoken = "; ".join(
        f"{name} keeps ≈ {column.min():.2f} to ≈ {column.max():.2f}"
        for name, column in zip(images, lesions.kept.T, strict=True)
    )
    changes = int((lesions.labels_after != np.array(lesions.labels)).sum())
    return picture(
        figure,
        f"Share of the label's probability kept, {rows} operations × {columns} photographs: {spoken}. "
        f"≈ {changes} of {rows * columns} labels changed.",
        "1.00: unchanged. Above 1.00: more confident than before. Where the label changed, an arrow names the new one.",
    )


def draw_two_paths(blocks, branch_off, shortcut_cut):
    """Each block's share of probability kept without its branch and without its shortcut, ``(blocks, n)`` each."""
    figure, axis = new_figure(7.5, 3.4)
    places = np.arange(len(blocks))
    for kept, shift, marker, color, label in (
        (branch_off, -0.1, "o", BLUE, "branch switched off, shortcut left"),
        (shortcut_cut, 0.1, "s", VERMILION, "shortcut cut, branch left"),
    ):
        axis.vlines(places + shift, kept.min(axis=1), kept.max(axis=1), color=color, linewidth=2, alpha=0.5)
        axis.plot(places + shift, kept.mean(axis=1), marker, color=color, label=label)
    axis.axhline(1, color=GRAY, linewidth=0.8, zorder=0)
    axis.set_xticks(places, blocks, rotation=30, ha="right")
    axis.set(ylim=(-0.05, None), ylabel="share of the probability kept")
    axis.legend(frameon=False, loc="center", bbox_to_anchor=(0.5, 0.3), fontsize=9)
    return picture(
        figure,
        f"Probability kept by block. Branch off: ≈ {branch_off.mean():.2f} on average, at least "
        f"≈ {branch_off.min():.2f}. Shortcut cut: ≈ {shortcut_cut.mean():.3f} on average, at most "
        f"≈ {shortcut_cut.max():.2f}.",
        f"Points: mean over {branch_off.shape[1]} views; lines: from the least to the most of any view.",
    )


def draw_several_off(kept, shortcut_cut):
    """The share kept against the number of branches off, ``(branches + 1, draws, n)``, and with one shortcut cut."""
    figure, axis = new_figure(7, 3.6)
    numbers = np.arange(len(kept))
    by_draw = np.mean(kept, axis=2)
    means, lowest, highest = by_draw.mean(axis=1), by_draw.min(axis=1), by_draw.max(axis=1)
    axis.plot(numbers, means, "o-", color=BLUE, label="branches switched off (mean)")
    axis.fill_between(
        numbers, lowest, highest, color=SKY, alpha=0.35, linewidth=0, label="from the lowest to the highest draw"
    )
    axis.axhline(shortcut_cut, color=VERMILION, linestyle="--", label="one shortcut cut")
    axis.set_xticks(numbers, [f"{number}\n{2 ** (len(kept) - 1 - number)}" for number in numbers])
    axis.set(xlabel="branches off, and paths left below", ylabel="share of the probability kept")
    axis.set_ylim(-0.04, max(1.1, 1.03 * highest.max()))
    axis.legend(frameon=False, loc="lower left", bbox_to_anchor=(0, 0.08), fontsize=9)
    spoken = ", ".join(f"{number}: ≈ {mean:.2f}" for number, mean in zip(numbers, means, strict=True))
    return picture(
        figure,
        f"Probability kept with a growing number of branches off: {spoken}. One shortcut cut: ≈ {shortcut_cut:.3f}.",
    )


def draw_company(company, images):
    """Both modes of batch normalization: do the companions matter, and how much of the probability is left?"""
    figure, panels = new_figure(8.5, 3.2, 1, 2, sharey=False)
    places = np.arange(len(images))
    for axis, values, label in (
        (panels[0], company.correlation, "correlation of the logits,\nalone and with the others"),
        (panels[1], company.kept, "share of the probability kept\nwith the others"),
    ):
        for shift, (mode, numbers), marker, color in zip(
            (-0.08, 0.08), values.items(), "os", (BLUE, ORANGE), strict=True
        ):
            axis.plot(places + shift, numbers, marker, color=color, label=mode)
        axis.axhline(0, color=GRAY, linewidth=0.8, zorder=0)
        axis.set_xticks(places, images)
        axis.set(ylabel=label, xlim=(-0.5, len(images) - 0.5), ylim=(min(-0.2, axis.get_ylim()[0]), 1.1))
    figure.legend(
        *panels[0].get_legend_handles_labels(), frameon=False, loc="outside upper center", ncols=2, fontsize=9
    )
    spoken = "; ".join(
        f"{mode}: correlation ≈ {company.correlation[mode].mean():.2f}, share kept ≈ {company.kept[mode].mean():.2f}"
        for mode in company.kept
    )
    return picture(
        figure, f"Each photograph alone and with the others, means over {len(images)} photographs. {spoken}."
    )


def draw_looks(numbers, kept, images):
    """The share kept after a number of looks in training mode, ``(numbers, n)``, a line for each image."""
    figure, axis = new_figure(7, 3.4)
    styles = zip(images, kept.T, "osD^vP*X", (BLUE, ORANGE, VERMILION, SKY, GRAY) * 2, strict=False)
    for name, line, marker, color in styles:
        axis.plot(range(len(numbers)), line, marker=marker, color=color, label=name)
    axis.set_xticks(range(len(numbers)), [f"{number:,}" for number in numbers])
    axis.set(xlabel="calls in training mode", ylabel="share of the probability kept", ylim=(0, None))
    axis.legend(frameon=False, fontsize=9)
    spoken = ", ".join(f"{number}: ≈ {row.mean():.2f}" for number, row in zip(numbers, kept, strict=True))
    return picture(figure, f"Probability kept after calls in training mode, mean of the images. {spoken}.")


def _shown(photograph, height=150):
    """The photograph as a small ``Picture``."""
    image = Image.fromarray(np.asarray(photograph).squeeze())
    image = image.resize((max(1, round(height * image.width / image.height)), height))
    buffer = io.BytesIO()
    image.save(buffer, format="JPEG", quality=85)
    return Picture(buffer.getvalue(), "The photograph that the network looks at.", width=image.width, mime="image/jpeg")


def _bars(axis, tops, label):
    """Horizontal bars of classes; the bar of ``label`` is filled, others are pale."""
    names, values = zip(*tops, strict=True)
    places = np.arange(len(tops))[::-1]
    axis.barh(places, values, 0.7, color=[BLUE if name == label else "#CFE3F2" for name in names], edgecolor=BLUE)
    for place, value in zip(places, values, strict=True):
        axis.text(value + 0.015, place, f"{value:.2f}", va="center", fontsize=8)
    axis.set_yticks(places, [_short(name) for name in names], fontsize=9)
    axis.set_xlim(0, 1.1)
    axis.set_xticks([0, 0.5, 1])
    axis.tick_params(axis="x", labelsize=8)


def _short(name, longest=20):
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


def _spoken(tops):
    return ", ".join(f"{name} ≈ {value:.2f}" for name, value in tops)
