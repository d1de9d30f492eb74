"""The figures of notebook 05."""

import numpy as np
from matplotlib.patheffects import withStroke
from PIL import Image

from utils.figures import (
    BLACK,
    BLUE,
    DIVERGING_MAP,
    DOTS_PER_INCH,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    Picture,
    new_figure,
    palette_png,
    picture,
)

COLORS = ("red", "green", "blue")
# Color, marker and line of the networks that race, in the order in which they are given.
STYLES = ((BLUE, "o", "-"), (VERMILION, "s", "--"), (GREEN, "^", ":"), (PURPLE, "D", "-."))


def draw_two_steps(photograph, filtered, mixes):
    """A photograph's channels, what the depthwise step makes of each, and what the pointwise step mixes of them.

    ``photograph`` and ``filtered`` are ``(height, width, 3)``; ``mixes`` maps three names to ``(height, width)``.
    """
    figure, axes = new_figure(6.6, 6.9, 3, 3)
    limit = np.percentile(np.abs(filtered), 98)
    for row, (color, (name, mix)) in enumerate(zip(COLORS, mixes.items(), strict=True)):
        axes[row, 0].imshow(photograph[..., row], cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        axes[row, 0].set_title(f"channel {row}: {color}", fontsize=10)
        axes[row, 1].imshow(filtered[..., row], cmap=DIVERGING_MAP, vmin=-limit, vmax=limit, interpolation="nearest")
        axes[row, 1].set_title(f"depthwise: {color} alone", fontsize=10)
        axes[row, 2].imshow(mix, cmap=DIVERGING_MAP, vmin=-limit, vmax=limit, interpolation="nearest")
        axes[row, 2].set_title(f"pointwise: {name}", fontsize=10)
    _no_ticks(axes)
    strengths = {name: np.abs(mix).mean() / np.abs(filtered).mean() for name, mix in mixes.items()}
    alt = (
        "Three rows of three pictures. Left: the red, green and blue channel of the photograph. Middle: the vertical "
        "edges of each channel, three pictures that look nearly alike. Right: three mixes of these, with their mean "
        "strength as a multiple of the single channels': "
        + ", ".join(f"{name} ≈ {strength:.2f}" for name, strength in strengths.items())
        + "."
    )
    return picture(figure, alt)


def draw_shares(filters, shares, chosen, chosen_share):
    """How much of the ordinary convolution's weights is left, against the number of filters.

    ``shares`` maps kernel sizes to arrays beside ``filters``; ``chosen`` is (kernel size, filters).
    """
    figure, axis = new_figure(6.5, 3.4)
    for (kernel_size, share), (color, _, line) in zip(shares.items(), STYLES, strict=False):
        axis.plot(filters, share, line, color=color, label=f"{kernel_size}×{kernel_size}")
        axis.axhline(1 / kernel_size**2, color=color, linewidth=0.6, alpha=0.6)
    axis.plot(chosen[1], chosen_share, "o", color=BLACK)
    axis.annotate(
        f"{chosen[0]}×{chosen[0]}, {chosen[1]} filters: {chosen_share:.3f}", (chosen[1], chosen_share),
        xytext=(0, 26), textcoords="offset points", ha="center", arrowprops={"arrowstyle": "-"},
    )  # fmt: skip
    axis.set_xscale("log", base=2)
    axis.set_xticks(filters, [str(each) for each in filters])
    axis.set_ylim(0, 1)
    axis.set_xlabel("filters (output channels)")
    axis.set_ylabel("separable ÷ ordinary weights")
    axis.legend(title="kernel", frameon=False)
    ends = "; ".join(f"{k}×{k}: from {share[0]:.2f} to {share[-1]:.3f}" for k, share in shares.items())
    alt = (
        f"Share of the ordinary weights, {filters[0]} to {filters[-1]} filters. It falls toward 1/k². {ends}. Marked: "
        f"{chosen[0]}×{chosen[0]} with {chosen[1]} filters, {chosen_share:.3f}."
    )
    return picture(figure, alt, "The thin lines are 1/k²: with many filters only the window matters.")


def draw_timings(timings):
    """Counted and measured saving, side by side for each size."""
    figure, axis = new_figure(7.5, 3.4)
    places = np.arange(len(timings))
    bars = (
        ("counted: multiply-adds", [each.counted_ratio for each in timings], SKY, "//", -0.2),
        ("measured: time", [each.measured_ratio for each in timings], ORANGE, "", 0.2),
    )
    for label, ratios, color, hatch, shift in bars:
        drawn = axis.bar(places + shift, ratios, 0.38, color=color, hatch=hatch, edgecolor="white", label=label)
        axis.bar_label(drawn, [f"{ratio:.1f}" for ratio in ratios], padding=2, fontsize=9)
    axis.axhline(1, color=BLACK, linewidth=0.8)
    labels = [f"{each.size}×{each.size}\n{each.channels} → {each.filters}" for each in timings]
    axis.set_xticks(places, labels)
    axis.set_ylabel("ordinary ÷ separable")
    axis.set_ylim(0, 1.25 * max(max(ratios) for _, ratios, *_ in bars))
    axis.legend(frameon=False, loc="upper left", ncols=2)
    rows = "; ".join(
        f"{each.size}×{each.size}, {each.channels} to {each.filters} channels: counted {each.counted_ratio:.1f}, "
        f"measured {each.measured_ratio:.1f}"
        for each in timings
    )
    return picture(
        figure,
        f"How many times more the ordinary convolution costs. {rows}.",
        "Measured: the median of several rounds. The black line is 1: equal.",
    )


def draw_correlations(measured, random_weights=()):
    """Neighbors, channels and chance for each place, the mean over the photographs, and the range of these.

    ``random_weights`` are the last places of ``measured``, in order, of the same network with random weights.
    """
    figure, axis = new_figure(max(8.5, 0.7 * len(measured)), 3.8)
    series = (
        ("neighboring pixels", "neighbors", BLUE, "o", -0.12),
        ("channels", "channels", VERMILION, "s", 0.0),
        ("channels, by chance", "chance", "#777777", "x", 0.12),
    )
    first = len(measured) - len(random_weights)
    for label, name, color, marker, shift in series:
        values = [getattr(each, name) for each in measured]
        means = np.array([each.mean() for each in values])
        ends = [means - [each.min() for each in values], [each.max() for each in values] - means]
        axis.errorbar(
            np.arange(len(measured)) + shift, means, ends, fmt=marker, color=color, label=label, capsize=3
        )  # fmt: skip
        if random_weights and name != "chance":
            axis.plot(
                np.arange(first, len(measured)) + shift, [getattr(each, name).mean() for each in random_weights],
                marker, markerfacecolor="white", color=color, label=f"{label}, random weights",
            )  # fmt: skip
    labels = [f"{each.place}\n{each.shape[0]}×{each.shape[1]}\n× {each.shape[2]}" for each in measured]
    axis.set_xticks(np.arange(len(measured)), labels, fontsize=8)
    axis.set_ylim(0, 1.25)
    axis.set_ylabel("mean |r|")
    axis.legend(frameon=False, loc="upper right", ncols=3, fontsize=8)
    alt = f"Mean absolute correlations. {'; '.join(map(_correlations, measured))}."
    if random_weights:
        alt += f" With random weights: {'; '.join(map(_correlations, random_weights))}."
    return picture(
        figure, alt, "Under each place: height × width × channels. Bars: from the lowest to the highest photograph."
    )


def _correlations(each):
    numbers = (("neighbors", each.neighbors), ("channels", each.channels), ("by chance", each.chance))
    return f"{each.place}: " + ", ".join(f"{name} ≈ {values.mean():.2f}" for name, values in numbers)


def draw_kernels(kernels, nearest, kept, scale=14, columns=16):
    """First-layer kernels as color tiles, and below each the nearest that a separable layer can make.

    Both are ``(k, k, 3, filters)``; ``kept`` is the share of the squared weights that is left, 0…1.
    """
    pairs = [_tiles(each, columns) for each in (kernels, nearest)]
    below = np.full((2, pairs[0][0].shape[1], 3), 255, "uint8")
    rows = np.concatenate([row for both in zip(*pairs, strict=True) for row in (*both, below)])
    image = Image.fromarray(rows).resize((rows.shape[1] * scale, rows.shape[0] * scale), Image.Resampling.NEAREST)
    alt = (
        f"{kernels.shape[-1]} first-layer kernels of {len(kernels)} × {len(kernels)} pixels as color tiles, each with "
        f"its nearest separable kernel below it. These keep ≈ {kept:.2f} of the squared weights: edges of many "
        "directions become blobs, or edges of a few directions."
    )
    caption = "Upper row of each pair: the network's kernels. Lower row: the nearest that a separable layer can have."
    return Picture(palette_png(image), alt, caption, width=min(image.width, int(8 * DOTS_PER_INCH)))


def draw_race(races):
    """Training and test accuracy against the steps, every seed and their median.

    ``races`` maps numbers of training images to lists of ``utils.separable_convolutions.Race``.
    """
    figure, axes = new_figure(8.5, 2.9 * len(races), len(races), 2, sharey=True, squeeze=False)
    for row, (count, pair) in zip(axes, races.items(), strict=True):
        for axis, part, title in zip(row, ("train", "test"), ("training", "test"), strict=True):
            for each, (color, marker, line) in zip(pair, STYLES, strict=False):
                values = getattr(each, part)
                axis.plot(each.steps, values.T, color=color, linewidth=0.7, alpha=0.35)
                axis.plot(
                    each.steps, np.median(values, axis=0), line, marker=marker, color=color,
                    label=f"{each.name}: {each.parameters:,}",
                )  # fmt: skip
            axis.set_title(f"{count} images: {title} accuracy", fontsize=10)
            axis.set_xscale("log", base=2)
            axis.set_xlabel("steps")
    axes[0, 0].legend(frameon=False, loc="lower right", title="parameters", fontsize=9)
    rows = "; ".join(
        f"{count} images, {each.name} ({each.parameters:,} parameters): "
        f"train ≈ {np.median(each.train[:, -1]):.2f}, test ≈ {np.median(each.test[:, -1]):.2f}"
        for count, pair in races.items()
        for each in pair
    )
    seeds = len(next(iter(races.values()))[0].runs)
    return picture(
        figure,
        f"Accuracy against training steps, {seeds} seeds. Medians at the end: {rows}.",
        f"Thin lines: the {seeds} seeds. Thick lines: their median.",
    )


def draw_differences(differences, needed, label):
    """The median of paired differences with its interval, each beside the value that its claim needs.

    ``differences`` maps names to a ``Measurement``; ``needed`` is the threshold, on the far side of 0.
    """
    figure, axis = new_figure(7.5, 0.9 + 0.55 * len(differences))
    names = list(differences)
    for place, each in enumerate(differences.values()):
        error = [[each.value - each.low], [each.high - each.value]]
        axis.errorbar(each.value, place, xerr=error, fmt="o", color=BLUE, capsize=4)
        axis.annotate(
            f"{each.value:+.3f}",
            (each.value, place),
            xytext=(0, 6),
            textcoords="offset points",
            ha="center",
            fontsize=9,
            path_effects=[withStroke(linewidth=2.5, foreground="white")],  # where it stands on the line at 0
        )
    axis.axvline(0, color=BLACK, linewidth=0.8)
    reach = 1.15 * max(abs(bound) for each in differences.values() for bound in (each.low, each.high, needed))
    axis.axvspan(needed, np.copysign(reach, needed), color=SKY, alpha=0.25, linewidth=0)
    axis.set_xlim(-reach, reach)
    axis.set_ylim(len(names) - 0.5, -0.6)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlabel(label)
    rows = "; ".join(f"{name}: ≈ {m.value:z.2f} (≈ {m.low:z.2f} to ≈ {m.high:z.2f})" for name, m in differences.items())
    return picture(
        figure,
        f"Paired differences, median and interval, {label}. {rows}. The claim needs {needed:g} or beyond.",
        f"Median and interval of {next(iter(differences.values())).n} seeds. The shaded side is what the claim needs; "
        "the whole interval has to lie there.",
    )


def draw_gaps(races):
    """The gap between training and test accuracy against the training accuracy, every seed.

    ``races`` maps numbers of training images to lists of ``utils.separable_convolutions.Race``.
    """
    figure, axes = new_figure(8.5, 3.3, 1, len(races), sharex=True, sharey=True, squeeze=False)
    for axis, (count, pair) in zip(axes[0], races.items(), strict=True):
        for each, (color, marker, line) in zip(pair, STYLES, strict=False):
            for seed, (train, gap) in enumerate(zip(each.train, each.gap, strict=True)):
                axis.plot(
                    train, gap, line, marker=marker, markersize=4, color=color, linewidth=0.8,
                    label=each.name if seed == 0 else None,
                )  # fmt: skip
        axis.axhline(0, color=BLACK, linewidth=0.8)
        axis.set_title(f"{count} images", fontsize=10)
        axis.set_xlabel("training accuracy")
    axes[0, 0].set_ylabel("training − test accuracy")
    axes[0, 0].legend(frameon=False, loc="upper left")
    rows = "; ".join(
        f"{count} images, {each.name}: gap ≈ {np.median(each.gap[:, -1]):.2f} at training accuracy "
        f"≈ {np.median(each.train[:, -1]):.2f}"
        for count, pair in races.items()
        for each in pair
    )
    return picture(
        figure,
        f"The gap grows with the training accuracy. Medians at the end: {rows}.",
        "One line for each seed, from its first measurement to its last.",
    )


def draw_kinds(kinds):
    """Where a network's parameters are: one bar a kind of layer."""
    figure, axis = new_figure(7, 0.8 + 0.4 * len(kinds))
    names, counts = list(kinds), np.array(list(kinds.values()))
    bars = axis.barh(names, counts / 1e6, color=BLUE)
    axis.bar_label(bars, [f"{count:,}  ({count / counts.sum():.1%})" for count in counts], padding=4, fontsize=9)
    axis.invert_yaxis()
    axis.set_xlim(0, 1.35 * counts.max() / 1e6)
    axis.set_xlabel("million parameters")
    return picture(figure, "Parameters by kind of layer: " + "; ".join(f"{n} {c:,}" for n, c in kinds.items()) + ".")


def _tiles(kernels, columns):
    """The kernels as rows of byte tiles, each scaled by its own largest weight around middle gray."""
    size, filters = len(kernels), kernels.shape[-1]
    bytes_ = np.uint8(np.clip(127.5 + 127.5 * kernels / np.abs(kernels).max((0, 1, 2)), 0, 255))
    rows = []
    for start in range(0, filters, columns):
        row = np.full((size + 1, columns * (size + 1), 3), 255, "uint8")
        for place in range(min(columns, filters - start)):
            left = place * (size + 1)
            row[:size, left : left + size] = bytes_[..., start + place]
        rows.append(row)
    return rows


def _no_ticks(axes):
    for each in np.ravel(axes):
        each.set_xticks([])
        each.set_yticks([])
        each.spines[:].set_visible(False)
