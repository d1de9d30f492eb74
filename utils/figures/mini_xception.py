"""The figures of the notebook on the mini-Xception."""

import numpy as np
from matplotlib.patches import Rectangle

from utils.figures import BLUE, GREEN, ORANGE, SKY, VERMILION, new_figure, picture

RACERS = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"))


def draw_pyramid(shapes):
    """The maps' shapes by stage, ``[(name, (height, width, channels))]``, as boxes: wider with more channels."""
    figure, axis = new_figure(9, 3.1)
    # Square roots: side by side, 3 channels and 64 would not fit on a page, nor 32 pixels and 2.
    heights = np.sqrt([shape[0] for _, shape in shapes])
    widths = np.sqrt([shape[2] for _, shape in shapes]) / np.sqrt(max(shape[2] for _, shape in shapes)) * 1.5
    left = 0.0
    for (name, shape), height, width in zip(shapes, heights, widths, strict=True):
        axis.add_patch(Rectangle((left, -height / 2), width, height, facecolor=SKY, edgecolor=BLUE))
        middle = left + width / 2
        axis.text(middle, -heights.max() / 2 - 0.5, name, ha="center", va="top", weight="bold")
        axis.text(middle, -heights.max() / 2 - 1.2, " × ".join(map(str, shape)), ha="center", va="top", fontsize=9)
        left += max(width, 0.9) + 0.6
    axis.set(xlim=(-0.5, left), ylim=(-heights.max() / 2 - 2, heights.max() / 2 + 0.3))
    axis.axis("off")
    listed = "; ".join(f"{name} {' × '.join(map(str, shape))}" for name, shape in shapes)
    alt = f"Boxes from left to right, lower and wider at each stage (height × width × channels): {listed}."
    return picture(figure, alt, "Height: the maps' height; width: the number of channels (both as square roots).")


def draw_losses(losses, window=20):
    """The training loss of every step, and its mean over the last ``window`` steps."""
    figure, axis = new_figure(7, 2.8)
    steps = np.arange(1, len(losses) + 1)
    axis.plot(steps, losses, color=SKY, linewidth=1, label="each step")
    smooth = np.convolve(losses, np.full(window, 1 / window), mode="valid")
    axis.plot(steps[window - 1 :], smooth, color=BLUE, linewidth=2.5, label=f"mean of the last {window} steps")
    axis.set(xlabel="step", ylabel="loss", ylim=(0, None))
    axis.legend(frameon=False)
    alt = f"The loss falls from ≈ {losses[:5].mean():.1f} to ≈ {losses[-10:].mean():.1f} in {len(losses)} steps."
    return picture(figure, alt)


def draw_guesses(images, probabilities, labels):
    """Patches in a row, each with the network's probability of "cat"; wrong ones are framed and named so."""
    figure, axes = new_figure(9, 2.7, 2, len(images) // 2)
    wrong = 0
    for axis, image, probability, label in zip(axes.flat, images, probabilities, labels, strict=False):
        miss = (probability > 0.5) != label
        wrong += miss
        axis.imshow(image / 255)
        axis.set_title(
            f"{'cat' if label else 'other'}: {probability:.2f}{' ✗' if miss else ''}",
            fontsize=9,
            color=VERMILION if miss else "black",
        )
        axis.set(xticks=[], yticks=[])
        axis.spines[:].set(visible=True, color=VERMILION if miss else "black", linewidth=3 if miss else 0.8)
    share = f"≈ {wrong / len(images):.2f}"
    alt = f"{len(images)} test patches with the network's probability of cat; it gets {share} of them wrong."
    return picture(
        figure, alt, "Above each patch: what it is, and the probability of “cat” that the network gives. ✗: wrong."
    )


def draw_ablation(outcomes, intervals):
    """Test accuracy of every variant, a dot a seed, with the median and its interval (``Measurement`` each)."""
    figure, axis = new_figure(8, 0.6 * len(outcomes) + 1)
    for row, (outcome, interval) in enumerate(zip(outcomes, intervals, strict=True)):
        y = len(outcomes) - row
        axis.plot(outcome.test_accuracy, np.full(len(outcome.test_accuracy), y + 0.16), "o", color=SKY, markersize=5)
        axis.plot([max(0.5, interval.low), min(1, interval.high)], [y - 0.08] * 2, color=BLUE, linewidth=2)
        axis.plot(interval.value, y - 0.08, "D", color=BLUE, markersize=7)
        axis.text(1.005, y, f"{interval.value:.2f}", va="center", weight="bold")
    axis.axvline(intervals[0].value, color=ORANGE, linestyle="--", linewidth=1)
    names = [f"{outcome.name}\n{outcome.parameters:,} parameters" for outcome in outcomes]
    axis.set_yticks(range(len(outcomes), 0, -1), names)
    lowest = min(outcome.test_accuracy.min() for outcome in outcomes)
    axis.set(xlim=(min(0.7, lowest - 0.02), 1.0), ylim=(0.5, len(outcomes) + 0.5), xlabel="test accuracy")
    listed = "; ".join(
        f"{outcome.name} ({outcome.parameters:,} parameters) {interval}"
        for outcome, interval in zip(outcomes, intervals, strict=True)
    )
    return picture(
        figure,
        f"Test accuracy by variant, median and its interval over {len(outcomes[0].test_accuracy)} seeds: {listed}.",
        "Dots: one seed each. Diamond and line: median and its interval. Dashed: the median of the whole network.",
    )


def draw_race(curves):
    """Test accuracy against training accuracy while up to three networks learn, ``{name: (seeds, looks, 2)}``."""
    figure, axis = new_figure(7, 4)
    said = []
    for (name, runs), (color, marker) in zip(curves.items(), RACERS, strict=False):
        middle = np.median(runs, axis=0)
        for run in runs:
            axis.plot(*run.T, color=color, linewidth=0.6, alpha=0.4)
        axis.plot(*middle.T, color=color, marker=marker, markersize=5, linewidth=2.5, label=name)
        said.append(
            f"{name}: from test ≈ {middle[0, 1]:.2f} at training ≈ {middle[0, 0]:.2f} "
            f"to test ≈ {middle[-1, 1]:.2f} at training ≈ {middle[-1, 0]:.2f}"
        )
    axis.plot([0, 1], [0, 1], color="0.5", linestyle=":", linewidth=1)
    axis.text(0.3, 0.32, "no gap", fontsize=9, rotation=30)
    lowest = min(float(runs.min()) for runs in curves.values())
    axis.set(xlabel="training accuracy", ylabel="test accuracy", xlim=(lowest, 1), ylim=(lowest, 1))
    axis.legend(frameon=False, loc="upper left")
    seeds = len(next(iter(curves.values())))
    alt = f"Test accuracy against training accuracy during training, medians of {seeds} seeds. {'; '.join(said)}."
    return picture(
        figure, alt, "Thin: one seed each. Thick: the medians. The further below the dotted line, the larger the gap."
    )
