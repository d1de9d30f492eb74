"""The figures of notebooks 03 and 04."""

import numpy as np
from matplotlib.ticker import FormatStrFormatter, LogLocator, MaxNLocator, NullLocator

from utils.figures import BLACK, BLUE, GREEN, ORANGE, PURPLE, SKY, VERMILION, Picture, new_figure, picture

# Color, marker and line: with batch normalization, without it, and a third.
WITH, WITHOUT, THIRD = (BLUE, "o", "-"), (VERMILION, "s", "--"), (GREEN, "^", ":")


def draw_scalings(scalings):
    """Histograms of the same pixel values under different scalings; ``scalings`` maps names to arrays."""
    figure, axes = new_figure(9, 2.6, 1, len(scalings))
    said = []
    for axis, (name, values), color in zip(axes, scalings.items(), (BLACK, BLUE, ORANGE), strict=True):
        values = np.ravel(values).astype(float)
        axis.hist(values, 60, color=color)
        axis.axvline(values.mean(), color=VERMILION, linewidth=1.5)
        axis.set_title(f"{name}\nmean {abs(values.mean()):.2f}, deviation {values.std():.2f}", fontsize=9.5)
        axis.set_yticks([])
        axis.spines["left"].set_visible(False)
        said.append(
            f"{name}: from ≈ {values.min():.2f} to ≈ {values.max():.2f}, mean ≈ {abs(values.mean()):.2f}, standard "
            f"deviation ≈ {values.std():.2f}"
        )
    alt = "Three histograms of the same pixels, of the same shape, on different axes. " + "; ".join(said) + "."
    return picture(figure, alt)


def draw_linear_trainings(trainings, features, start):
    """Left: the loss that each learning rate reaches. Right: each feature's share of the first step.

    ``trainings`` maps the names of three scalings to ``LinearTraining``; ``start`` is the loss before training.
    """
    figure, (left, right) = new_figure(9.5, 3.4, 1, 2, width_ratios=(1.15, 1))
    styles = (VERMILION, "s", "--", ""), (BLUE, "o", "-", "//"), (GREEN, "^", ":", "..")
    places, width = np.arange(len(features)), 0.26
    best, shares = [], []
    for number, ((name, training), (color, marker, line, hatch)) in enumerate(
        zip(trainings.items(), styles, strict=True)
    ):
        left.plot(training.rates, training.losses[:, -1], line, marker=marker, color=color, label=name)
        bars = {"color": color, "hatch": hatch, "edgecolor": "white", "linewidth": 0}
        right.bar(places + (number - 1) * width, training.first_step, width, label=name, **bars)
        each = zip(features, training.first_step, strict=True)
        best.append(f"{name} ≈ {training.best_loss():.2f}")
        shares.append(f"{name}: " + ", ".join(f"{feature} ≈ {share:.2f}" for feature, share in each))
    left.axhline(start, color=BLACK, linewidth=0.8)
    left.set(xscale="log", ylim=(1.2, 2.35), xlabel="learning rate", ylabel="loss after training")
    left.text(training.rates[-1], start + 0.02, "guessing", fontsize=8.5, ha="right", va="bottom")
    left.legend(frameon=False, fontsize=9, loc="lower left")
    right.set_xticks(places, [feature.replace(" ", "\n", 1) for feature in features], fontsize=8.5)
    right.set(ylim=(0, 1), ylabel="share of the first step")
    right.legend(frameon=False, fontsize=9)
    alt = f"Left, the best loss that any learning rate reaches: {', '.join(best)}. Right, shares of the first step: "
    caption = "One draw of patches; the verdict takes the medians of all draws. Losses above the axis are left out."
    return picture(figure, alt + "; ".join(shares) + ".", caption)


def draw_drift(deviations):
    """The standard deviation of each channel by layer; ``deviations`` maps two names to ``(layers, channels)``."""
    figure, axis = new_figure(7, 3.4)
    said = []
    for (name, values), (color, marker, line) in zip(deviations.items(), (WITHOUT, WITH), strict=True):
        depths = np.arange(1, len(values) + 1)
        shift = -0.12 if name == next(iter(deviations)) else 0.12
        axis.plot(np.repeat(depths + shift, values.shape[1]), values.ravel(), ".", color=color, alpha=0.25, ms=5)
        axis.plot(depths + shift, np.median(values, 1), line, marker=marker, color=color, label=name)
        said.append(f"{name}: layer 1 ≈ {np.median(values[0]):.2g}, last layer ≈ {np.median(values[-1]):.2g}")
    axis.set(yscale="log", xlabel="layer", ylabel="standard deviation", xticks=np.arange(1, len(values) + 1))
    axis.legend(frameon=False, fontsize=9, loc="lower left")
    return picture(
        figure,
        "Standard deviation of each convolution's output by layer: a dot for each channel, and the median of each "
        "layer. " + "; ".join(said) + ".",
    )


def draw_normalization(sides, close=0.1):
    """Every channel as a dot: its mean and its variance as they leave batch normalization, before γ and β.

    ``sides`` maps names of what comes in, up to six, to the ``ChannelStatistics`` of what leaves; the gray cross is
    ``close`` to mean 0 (across) and to variance 1 (up).
    """
    figure, axis = new_figure(8, 4)
    styles = (BLUE, "o"), (GREEN, "^"), (ORANGE, "s"), (SKY, "D"), (PURPLE, "v"), (VERMILION, "x")
    said = []
    axis.axvspan(-close, close, color="0.85", linewidth=0, zorder=0)
    axis.axhspan(1 - close, 1 + close, color="0.85", linewidth=0, zorder=0)
    for (name, leaving), (color, marker) in zip(sides.items(), styles, strict=False):
        axis.plot(leaving.means.ravel(), leaving.variances.ravel(), marker, color=color, ms=5, alpha=0.6, label=name)
        said.append(
            f"{name}: |mean| up to ≈ {_about(np.abs(leaving.means).max())}, variance from "
            f"≈ {_about(leaving.variances.min())} to ≈ {_about(leaving.variances.max())}"
        )
    axis.set_xscale("symlog", linthresh=1)
    axis.set_xticks((-100, -1, 0, 1, 100), ("−100", "−1", "0", "1", "100"))
    axis.set(yscale="log", xlabel="channel mean, normalized", ylabel="channel variance, normalized")
    axis.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return picture(figure, "Channels as dots, by their mean and variance after normalizing. " + ". ".join(said) + ".")


def draw_company(in_training, at_inference, classes):
    """One image's logits in different company, ``(draws, classes)`` for each mode."""
    figure, axes = new_figure(9, 3.0, 1, 2, sharey=True)
    for axis, values, title in zip(axes, (in_training, at_inference), ("training mode", "inference mode"), strict=True):
        for draw in values:
            axis.plot(np.arange(len(classes)), draw, "-o", color=BLUE, ms=3.5, linewidth=0.8, alpha=0.6)
        axis.set_xticks(np.arange(len(classes)), classes, rotation=40, ha="right", fontsize=8.5)
        axis.set_title(title, fontsize=10)
    axes[0].set_ylabel("logit")
    spreads = [values.std(0).mean() for values in (in_training, at_inference)]
    return picture(
        figure,
        f"The logits of one image in {len(in_training)} different batches. In training mode the lines differ, with a "
        f"mean standard deviation of ≈ {spreads[0]:.2f}; in inference mode they coincide, ≈ {spreads[1]:.1g}.",
    )


def draw_short_training(steps, kept, runs, chance):
    """Left: what is left of the moving averages' starting values. Right: test accuracies in both modes.

    ``kept`` maps momenta to shares beside ``steps``; ``runs`` are ``ShortTraining``.
    """
    figure, (left, right) = new_figure(9.5, 3.3, 1, 2)
    for (momentum, share), (color, _, line) in zip(kept.items(), (WITHOUT, WITH), strict=True):
        left.plot(steps, share, line, color=color, label=f"momentum {momentum:g}")
    left.axvline(runs[0].steps, color=BLACK, linewidth=0.8)
    left.text(runs[0].steps, 1, " our training ends", fontsize=8.5, va="top")
    left.set(ylim=(0, 1.02), xlabel="training steps", ylabel="share of the initial value left")
    left.legend(frameon=False, fontsize=9, loc="center right")
    places, labels, said = [], [], []
    for run, (color, marker, _) in zip(runs, (WITHOUT, WITH), strict=True):
        for values, name in ((run.by_batches, "batch\nstatistics"), (run.by_averages, "moving\naverages")):
            place = len(places) + (len(places) > 1) * 0.6
            places.append(place)
            labels.append(name)
            right.plot(np.full(len(values), place), values, marker, color=color, alpha=0.6)
            right.plot([place - 0.25, place + 0.25], [values.mean()] * 2, color=color, linewidth=2.5)
            right.text(place, values.max() + 0.03, f"{values.mean():.2f}", ha="center", fontsize=9)
            said.append(f"momentum {run.momentum:g} with {name.replace(chr(10), ' ')} ≈ {values.mean():.2f}")
        right.text(place - 0.5, 0.02, f"momentum {run.momentum:g}", ha="center", fontsize=9, color=color)
    right.axhline(chance, color=BLACK, linewidth=0.8)
    right.text(right.get_xlim()[1], chance, "guessing", fontsize=8.5, ha="right", va="bottom")
    right.set_xticks(places, labels, fontsize=9)
    right.set(ylim=(0, 1), ylabel="test accuracy")
    left_over = ", ".join(f"{share[runs[0].steps]:.2g} with momentum {momentum:g}" for momentum, share in kept.items())
    return picture(
        figure,
        f"Left: after {runs[0].steps} steps the initial value still counts for {left_over}. Right, mean test "
        f"accuracy: {', '.join(said)}"
        f"; guessing {chance:.3g}.",
        f"Right: a mark is one of {len(runs[0].by_batches)} seeds, a bar their mean.",
    )


def draw_order(before, after, margin, chance):
    """Left: test accuracy of both orders, a line a seed. Right: the paired difference with its interval and margin.

    ``margin`` is a ``Measurement`` of after − before and the limits that it must keep to: (measurement, low, high).
    """
    difference, low, high = margin
    figure, (left, right) = new_figure(9, 3.1, 1, 2, width_ratios=(1, 1.2))
    for pair in zip(before, after, strict=True):
        left.plot((0, 1), pair, "-o", color=BLUE, linewidth=0.8, alpha=0.7)
    left.axhline(chance, color=BLACK, linewidth=0.8)
    left.text(1.4, chance, "guessing", fontsize=8.5, ha="right", va="bottom")
    left.set_xticks((0, 1), ("before ReLU", "after ReLU"))
    left.set(xlim=(-0.4, 1.4), ylim=(0, 1), ylabel="test accuracy")
    right.axvspan(low, high, color=SKY, alpha=0.3, linewidth=0)
    right.text(low, 0.95, " not critical", va="top", fontsize=9)
    right.axvline(0, color=BLACK, linewidth=0.8)
    right.errorbar(
        difference.value,
        0.4,
        xerr=[[difference.value - difference.low], [difference.high - difference.value]],
        fmt="o",
        color=BLUE,
        capsize=5,
    )
    right.plot(after - before, np.full(len(after), 0.25), "|", color=BLUE, ms=10)
    right.text(difference.high + 0.008, 0.4, f"{difference.value:+.2f}", va="center", color=BLUE)
    right.set(xlim=(2 * low, 2 * high), ylim=(0, 1), yticks=[], xlabel="after minus before")
    right.xaxis.set_major_locator(MaxNLocator(4))
    right.spines["left"].set_visible(False)
    return picture(
        figure,
        f"Median test accuracy with the normalization before the activation ≈ {np.median(before):.2f}, after it "
        f"≈ {np.median(after):.2f}; median of the paired differences ≈ {difference.value:z.2f}, interval "
        f"≈ {difference.low:z.2f} to ≈ {difference.high:z.2f}; a difference from {low:g} to {high:g} is not critical; "
        f"guessing {chance:.3g}.",
        f"Lines and ticks: one of {len(before)} seeds each. Dot: the median with its interval.",
    )


def draw_gradient_flow(norms):
    """The gradient's norm by layer, relative to the last layer's; ``norms`` maps names to ``(seeds, depth)``."""
    figure, axis = new_figure(7.5, 3.6)
    styles = (BLUE, "o", "-"), (BLUE, "D", ":"), (VERMILION, "s", "--"), (VERMILION, "v", ":")
    said = []
    for (name, values), (color, marker, line) in zip(norms.items(), styles, strict=True):
        relative = values / values[:, -1:]
        depths = np.arange(1, values.shape[1] + 1)
        middle = np.exp(np.log(relative).mean(0))
        axis.fill_between(depths, relative.min(0), relative.max(0), color=color, alpha=0.15, linewidth=0)
        axis.plot(depths, middle, line, marker=marker, color=color, label=name, ms=5)
        said.append(f"{name} ≈ {middle[0]:.2g}")
    axis.axhline(1, color=BLACK, linewidth=0.8)
    axis.set(yscale="log", xlabel="layer", ylabel="gradient ÷ last layer's", xticks=depths)
    axis.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1, 0.5))
    return picture(
        figure,
        "What is left of the last layer's gradient at the first layer, before any training: " + ", ".join(said) + ".",
        f"Lines: (geometric) means of {len(values)} seeds. Shaded: from the lowest to the highest.",
    )


def draw_learning_rates(rates, losses, guessing, enough):
    """The loss that each learning rate reaches; ``losses`` maps names to ``(seeds, rates)``, infinite off the scale."""
    figure, axis = new_figure(7.5, 3.6)
    top = guessing + 0.45
    said = []
    for (name, values), (color, marker, line), shift in zip(losses.items(), (WITH, WITHOUT), (0.96, 1.04), strict=True):
        shown = np.minimum(values, top)
        axis.plot(np.tile(np.asarray(rates) * shift, len(values)), shown.ravel(), marker, color=color, alpha=0.35, ms=5)
        axis.plot(np.asarray(rates) * shift, np.median(shown, 0), line, color=color, marker=marker, label=name)
        said.append(
            f"{name}: "
            + ", ".join(
                f"{rate:g} {_loss(loss, enough)}" for rate, loss in zip(rates, np.median(values, 0), strict=True)
            )
        )
    axis.axhline(guessing, color=BLACK, linewidth=0.8)
    axis.axhline(enough, color=BLACK, linewidth=0.8, linestyle=":")
    for height, text in ((guessing, "guessing"), (enough, "trains")):
        axis.text(rates[-1] * 1.35, height, text, fontsize=8.5, va="center")
    axis.text(rates[0], top, "overflow", fontsize=8.5, va="center")
    axis.set(xscale="log", xlabel="learning rate", ylabel="loss after training", ylim=(None, top + 0.05))
    axis.set_xticks(rates, [f"{rate:g}" for rate in rates])
    axis.xaxis.set_minor_locator(NullLocator())
    axis.legend(frameon=False, fontsize=9, loc="center left", bbox_to_anchor=(1.09, 0.5))
    alt = "Median loss by learning rate. " + "; ".join(said) + f". Guessing gives {guessing:.2f}."
    return picture(figure, alt, f"A mark is one of {len(values)} seeds; lines join the medians.")


def draw_noise(batch_sizes, spreads, slope):
    """The spread of one image's activation against the batch size, a thin line each; ``(images, sizes)``."""
    figure, axis = new_figure(6.5, 3.5)
    for row in spreads:
        axis.plot(batch_sizes, row, "-", color=BLUE, linewidth=0.7, alpha=0.5)
    middle = np.exp(np.log(spreads).mean(0))
    axis.plot(batch_sizes, middle, "o", color=BLUE, label="measured, mean of all")
    sizes = np.asarray(batch_sizes, dtype=float)
    anchor = np.exp(np.mean(np.log(middle) + np.log(sizes) / 2))
    axis.plot(sizes, anchor / np.sqrt(sizes), "--", color=VERMILION, label="1 / √ batch size")
    axis.set(xscale="log", yscale="log", xlabel="batch size", ylabel="spread from batch to batch")
    axis.set_xticks(batch_sizes, batch_sizes)
    axis.xaxis.set_minor_locator(NullLocator())
    axis.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axis.yaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.yaxis.set_minor_locator(NullLocator())
    axis.legend(frameon=False, fontsize=9)
    return picture(
        figure,
        f"On two logarithmic axes the spread falls along a straight line, from ≈ {middle[0]:.2g} at "
        f"{batch_sizes[0]} images to ≈ {middle[-1]:.2g} at {batch_sizes[-1]}: exponent ≈ {slope:.2f}; that of the "
        "dashed line is −0.5.",
    )


def draw_regularizer(noisy, calm, names):
    """The test accuracy against the training accuracy while networks learn: thin lines are seeds; two ``Curves``."""
    figure, axis = new_figure(7.5, 3.8)
    said = []
    for curves, name, (color, marker, line) in zip((noisy, calm), names, (WITHOUT, WITH), strict=True):
        axis.plot(curves.train.T, curves.test.T, "-", color=color, linewidth=0.6, alpha=0.4)
        train, test = np.median(curves.train, axis=0), np.median(curves.test, axis=0)
        axis.plot(train, test, line, marker=marker, color=color, ms=4, label=name)
        said.append(f"{name}: training ≈ {train[-1]:.2f}, test ≈ {test[-1]:.2f} at the end")
    axis.set(xlabel="accuracy on training images", ylabel="accuracy on test images")
    axis.legend(frameon=False, fontsize=9, loc="lower right")
    alt = "Test accuracy against training accuracy, medians of the seeds. " + "; ".join(said) + "."
    return picture(figure, alt, f"Thin: one of {len(noisy.train)} seeds each. Thick: the medians.")


def draw_before_and_after(before, after, reach=6):
    """Histograms of a channel's activations as they enter batch normalization and as they leave it, as an SVG.

    What leaves is drawn from −``reach`` to ``reach``, so that a change of γ or β is seen. Matplotlib would take
    longer than a slider may.
    """
    widest = max(float(np.abs(before).max()), 1e-6)
    panels = ("before", np.ravel(before), widest, BLACK), ("after", np.ravel(after), reach, BLUE)
    drawn, said = [], []
    for number, (name, values, limit, color) in enumerate(panels):
        mean, variance = _about(values.mean()), _about(values.var())
        drawn.append(_panel(f"{name}: mean {mean}, variance {variance}", values, limit, color, 35 + 400 * number))
        said.append(f"{name}: mean ≈ {mean}, variance ≈ {variance}, above zero ≈ {(values > 0).mean():.2f}")
    text = f"Histograms of {values.size:,} activations. {'; '.join(said)}."
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 800 250" width="800" height="250" '
        f'font-family="sans-serif" font-size="13"><rect width="800" height="250" fill="white"/>{"".join(drawn)}</svg>'
    )
    return Picture(svg.encode(), text, width=800, mime="image/svg+xml")


def _panel(title, values, limit, color, left, width=330, height=170, top=35, bins=60):
    """One histogram from −``limit`` to ``limit`` as SVG; what lies outside is counted in the outermost bars."""
    counts, _ = np.histogram(np.clip(values, -limit, limit), bins, (-limit, limit))
    bar, tallest, floor = width / bins, max(counts.max(), 1), top + height
    bars = "".join(
        f'<rect x="{left + bar * place:.1f}" y="{floor - height * count / tallest:.1f}" width="{bar:.1f}" '
        f'height="{height * count / tallest:.1f}" fill="{color}"/>'
        for place, count in enumerate(counts)
        if count
    )
    mean = left + width * (np.clip(values.mean(), -limit, limit) + limit) / (2 * limit)
    ticks = "".join(
        f'<text x="{left + width * (0.5 + tick / 2)}" y="{floor + 20}" text-anchor="middle">{limit * tick:.3g}</text>'
        for tick in (-1, -0.5, 0, 0.5, 1)
    )
    return (
        f'<text x="{left + width / 2}" y="20" text-anchor="middle" font-size="14">{title}</text>{bars}'
        f'<line x1="{left}" x2="{left + width}" y1="{floor}" y2="{floor}" stroke="black"/>{ticks}'
        f'<line x1="{mean:.1f}" x2="{mean:.1f}" y1="{top}" y2="{floor}" stroke="{VERMILION}" stroke-width="2"/>'
    )


def _loss(value, enough):
    return f"≈ {value:.2f}" if value < enough else "does not train"


def _about(value):
    """At most two digits, without a power of ten where that would be read with difficulty."""
    size = abs(value)
    if size < 1e-9:
        return "0"
    return f"{value:.1g}" if size < 0.01 else f"{value:.2f}" if size < 10 else f"{value:,.0f}"
