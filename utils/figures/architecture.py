"""The figures of notebook 01."""

import numpy as np

from utils.figures import (
    BLACK,
    BLUE,
    DIVERGING_MAP,
    GREEN,
    ORANGE,
    PURPLE,
    SKY,
    VERMILION,
    new_figure,
    photograph,
    picture,
)

# Color, marker and line of the networks that are compared, in the order in which they are given.
WALK = ((BLUE, "o", "-"), (VERMILION, "s", "--"), (BLACK, "^", ":"))
STYLES = ((BLUE, "o", "-"), (VERMILION, "s", "--"), (GREEN, "^", ":"), (PURPLE, "D", "-."))


def draw_patches(images, labels, class_names, each=12):
    """One row of gray patches a class; ``images`` are ``(n, size, size, 1)``, 0…255."""
    rows = [np.hstack(images[labels == number][:each, ..., 0]) for number in range(len(class_names))]
    names = "; ".join(f"row {number + 1}: {name}" for number, name in enumerate(class_names))
    alt = f"{len(rows)} rows of {each} gray patches of photographs: {names}."
    return photograph(np.vstack(rows).astype("uint8"), alt, caption=names, width=min(900, 2 * rows[0].shape[1]))


def draw_descent(w1, w2, losses, path, x, y, b, shown=(0, 2, 40)):
    """Left the loss of every linear hypothesis (w1, w2) with gradient descent's ``path``, right what three of them say.

    ``losses[i, j]`` belongs to ``(w1[j], w2[i])``; ``path`` is ``(steps + 1, 2)``; ``x`` is ``(n, 2)``, ``y`` 0 or 1.
    """
    figure, (left, right) = new_figure(10, 3.9, 1, 2)
    contours = left.contour(w1, w2, losses, levels=10, colors="0.6", linewidths=1)
    left.clabel(contours, fontsize=8, fmt="%.2f")
    left.plot(*path.T, "-", color=BLACK, linewidth=1)
    _scatter(right, x, y, size=8)
    (x1_low, x2_low), (x1_high, x2_high) = x.min(axis=0), x.max(axis=0)
    x2 = np.array([x2_low, x2_high])
    for step, (color, marker, line) in zip(shown, WALK, strict=True):
        weights = path[step]
        left.plot(*weights, marker, color=color, markersize=9, markeredgecolor="white", label=f"after {step} steps")
        right.plot((0.5 - b - weights[1] * x2) / weights[0], x2, line, color=color, linewidth=2.5)
    left.legend(fontsize=9, loc="lower left", framealpha=1)
    left.set(xlabel="w1 (brightness)", ylabel="w2 (roughness)")
    left.set_title("every point is a hypothesis; gray lines: its loss", fontsize=11)
    right.set(xlabel="x1: brightness", ylabel="x2: roughness", xlim=(x1_low, x1_high), ylim=(x2_low, x2_high))
    right.set_title("the same three hypotheses: h(x) = 0.5", fontsize=11)
    right.legend(fontsize=9, loc="upper right")
    ends = "; ".join(f"after {step} steps w1 ≈ {path[step][0]:.2f}, w2 ≈ {path[step][1]:.2f}" for step in shown)
    alt = (
        "Left: contour lines of the loss over the plane of the weights w1 and w2. They form a bowl, and gradient "
        f"descent goes down into it: {ends}. Right: the patches over brightness and roughness, with the straight line "
        "h(x) = 0.5 of each of these hypotheses."
    )
    return picture(figure, alt)


def draw_learning_curves(history):
    """Loss and accuracy after each epoch, of the training and the validation images; ``history`` is that of Keras's
    ``History``: the lists ``loss``, ``val_loss``, ``accuracy`` and ``val_accuracy``, a number an epoch.
    """
    figure, axes = new_figure(9, 3, 1, 2)
    ends = []
    for axis, name in zip(axes, ("loss", "accuracy"), strict=True):
        epochs = np.arange(1, len(history[name]) + 1)
        for part, key, (color, marker, line) in zip(
            ("training", "validation"), (name, f"val_{name}"), WALK[:2], strict=True
        ):
            axis.plot(epochs, history[key], marker + line, color=color, label=part)
            ends.append(f"{part} {name} from ≈ {history[key][0]:.2f} to ≈ {history[key][-1]:.2f}")
        axis.set(xlabel="epoch", ylabel=name)
    axes[0].legend(frameon=False)
    return picture(figure, f"Learning curves over {len(epochs)} epochs: {'; '.join(ends)}.")


def draw_hypotheses(surfaces, x, y):
    """The plane of two features as each hypothesis sees it: a panel for each of ``surfaces`` (name → ``Surface``)."""
    figure, axes = new_figure(10.5, 3.7, 1, len(surfaces), sharey=True)
    for axis, (name, surface) in zip(axes, surfaces.items(), strict=True):
        levels = np.linspace(0, 1, 11)
        values = np.clip(surface.values, 0, 1)
        filled = axis.contourf(surface.across, surface.up, values, levels=levels, cmap=DIVERGING_MAP + "_r", alpha=0.75)
        axis.contour(surface.across, surface.up, values, levels=[0.5], colors=BLACK, linewidths=1.5)
        _scatter(axis, x, y, size=7)
        axis.set(xlabel="x1: brightness")
        axis.set_title(f"{name}\n{surface.test_accuracy:.0%} of test patches right", fontsize=10)
    axes[0].set_ylabel("x2: roughness")
    axes[0].legend(fontsize=9, loc="upper right")
    figure.colorbar(filled, ax=axes, label="h(x)", ticks=[0, 0.5, 1])
    shares = ", ".join(f"{name} ≈ {surface.test_accuracy:.2f}" for name, surface in surfaces.items())
    alt = (
        "Three panels with the patches over brightness and roughness. The colors of each panel show another hypothesis "
        "h(x), with its border h(x) = 0.5. The linear one's border is a straight line, the tree's has corners, the "
        "network's is a curve. "
        f"Share of test patches right: {shares}."
    )
    return picture(figure, alt)


def draw_shifts(shifts, moving, changing):
    """Two panels against the shift in pixels: how far outputs are from moving along, and how much they change.

    ``moving`` and ``changing`` map names to ``(repetitions, shifts)``; bars reach from the lowest to the highest.
    """
    figure, axes = new_figure(10, 3.6, 1, 2)
    titles = "distance from moving along with the picture", "change of the output"
    said = []
    for axis, title, curves in zip(axes, titles, (moving, changing), strict=True):
        for (name, values), (color, marker, line) in zip(curves.items(), STYLES, strict=False):
            middle = np.median(values, axis=0)
            axis.errorbar(
                shifts, middle, _range(values), color=color, marker=marker, linestyle=line, capsize=3, label=name
            )
            said.append(f"{name}: ≈ {middle[0]:.2f} at {shifts[0]} px, ≈ {middle[-1]:.2f} at {shifts[-1]} px")
        axis.axhline(1, color=BLACK, linewidth=0.8, linestyle=":")
        axis.set(xlabel="shift in pixels", ylim=(-0.05, 1.25), xticks=shifts)
        axis.set_title(title, fontsize=11)
        axis.legend(fontsize=9, loc="upper left", bbox_to_anchor=(0, 0.78))
    axes[0].text(shifts[-1], 1.07, "as unrelated outputs", ha="right", fontsize=8)
    axes[1].text(shifts[-1], 1.07, "as another picture", ha="right", fontsize=8)
    left, right = "; ".join(said[: len(moving)]), "; ".join(said[len(moving) :])
    alt = (
        f"Two panels against the shift in pixels. Left, distance from moving along with the picture: {left}. "
        f"Right, change of the output: {right}."
    )
    return picture(figure, alt, f"Points: medians of {len(values)} draws. Bars: from the lowest to the highest.")


def draw_learning(learned, chance, steps):
    """Left the test accuracy against the number of training patches, right against the ``steps`` with all of them.

    ``learned`` maps names to ``Learned``. Points are medians; bars reach from the lowest to the highest seed.
    """
    figure, (left, right) = new_figure(10, 4.2, 1, 2)
    amounts = sorted({amount for each in learned.values() for amount in each.amounts})
    said = []
    for (name, each), (color, marker, line) in zip(learned.items(), STYLES, strict=False):
        style = {"color": color, "marker": marker, "linestyle": line}
        label = f"{name}, {each.parameters:,} parameters"
        middle = np.median(each.accuracies, axis=1)
        left.errorbar(each.amounts, middle, _range(each.accuracies.T), label=label, capsize=4, **style)
        epochs = each.by_epoch.shape[1]
        right.plot(np.arange(1, epochs + 1) * steps / epochs, np.median(each.by_epoch, axis=0), label=name, **style)
        listed = (f"≈ {m:.2f} with {a:,}" for a, m in zip(each.amounts, middle, strict=True))
        said.append(f"{label}: {', '.join(listed)}")
    for axis in (left, right):
        axis.axhline(chance, color=BLACK, linewidth=0.8, linestyle=":")
        axis.set(ylabel="test accuracy", ylim=(0, 0.95))
    left.text(amounts[-1], chance - 0.01, "chance", fontsize=9, va="top", ha="right")
    left.set(xscale="log", xlabel="training patches")
    left.set_xticks(amounts, [f"{amount:,}" for amount in amounts])
    left.minorticks_off()
    left.legend(fontsize=9, loc="upper left")
    right.set(xlabel="training step", xlim=(0, None))
    right.set_title(f"with {amounts[-1]:,} patches", fontsize=10)
    right.legend(fontsize=9, loc="upper left")
    after = ", ".join(f"{name} ≈ {np.median(each.by_epoch[:, 0]):.2f}" for name, each in learned.items())
    alt = (
        f"Left: test accuracy against the number of training patches; chance is {chance:.3f}. {'. '.join(said)}. "
        f"Right: test accuracy against the training steps with {amounts[-1]:,} patches; after one epoch: {after}."
    )
    return picture(figure, alt, f"Medians of {len(each.by_epoch)} seeds. Bars: from the lowest to the highest.")


def draw_pyramid(networks):
    """A panel for each of ``networks`` (name → list of ``Stage``): map heights to the left, filters to the right."""
    tallest = max(map(len, networks.values()))
    figure, axes = new_figure(10, 0.8 + 0.4 * tallest, 1, len(networks), squeeze=False)
    said = []
    for axis, (name, stages) in zip(axes[0], networks.items(), strict=True):
        rows = np.arange(len(stages))
        heights = np.array([stage.height for stage in stages]) / max(stage.height for stage in stages)
        filters = np.array([stage.filters for stage in stages]) / max(stage.filters for stage in stages)
        axis.barh(rows, -heights, color=SKY)
        axis.barh(rows, filters, color=ORANGE)
        for row, stage in zip(rows, stages, strict=True):
            axis.text(-heights[row] - 0.05, row, f"{stage.height}×{stage.width}", ha="right", va="center", fontsize=9)
            axis.text(filters[row] + 0.05, row, f"{stage.filters} filters", ha="left", va="center", fontsize=9)
        axis.axvline(0, color=BLACK, linewidth=1)
        axis.set(xlim=(-1.7, 1.8), ylim=(tallest - 0.4, -0.6), xticks=[], yticks=[])
        axis.spines[["left", "bottom"]].set_visible(False)
        axis.set_title(f"{name}\nmaps ←   → filters", fontsize=11)
        said.append(f"{name}: " + ", ".join(f"{s.height}×{s.width} with {s.filters} filters" for s in stages))
    return picture(figure, f"Bars for each stage of {len(networks)} networks, from top to bottom. {'. '.join(said)}.")


def _scatter(axis, x, y, size=10):
    for value, name, color, marker in ((0, "other", PURPLE, "x"), (1, "cat", GREEN, "o")):
        here = y == value
        axis.scatter(*x[here].T, s=size, c=color, marker=marker, linewidths=0.8, alpha=0.8, label=name)


def _range(values):
    """From the median down to the lowest and up to the highest repetition; ``values`` is ``(repetitions, points)``."""
    middle = np.median(values, axis=0)
    return np.stack([middle - values.min(axis=0), values.max(axis=0) - middle])
