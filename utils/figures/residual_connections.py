"""The figures of notebook 02."""

import numpy as np
from matplotlib.ticker import MaxNLocator, PercentFormatter

from utils.figures import BLACK, BLUE, ORANGE, SKY, VERMILION, new_figure, picture
from utils.residual_connections import paths_by_length

# Color and marker of a kind of network, the same in all figures of the notebook.
STYLES = {
    "plain": {"color": VERMILION, "marker": "o"},
    "plain, He initialization": {"color": ORANGE, "marker": "s"},
    "plain, batch normalization": {"color": ORANGE, "marker": "s"},
    "residual": {"color": BLUE, "marker": "^"},
    "residual, batch normalization": {"color": SKY, "marker": "D"},
}


def draw_gradients(flows):
    """How much of the gradient is left at the first block, by depth; ``flows`` maps names of kinds to a ``Flow``."""
    figure, axis = new_figure(7.5, 4)
    axis.axhline(1, color=BLACK, linewidth=0.8, linestyle=":")
    for name, flow in flows.items():
        _line(axis, name, flow.depths, flow.gradient, logarithmic=True)
    axis.set_yscale("log")
    _depth_axis(axis, next(iter(flows.values())).depths)
    axis.set_ylabel("gradient at the first block\n÷ gradient at the last")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    deepest = next(iter(flows.values())).depths[-1]
    ends = ", ".join(f"{name} {_power(flow.gradient[:, -1])}" for name, flow in flows.items())
    return picture(
        figure,
        "Gradient at the first block divided by the gradient at the last, against depth, on a logarithmic axis. "
        f"After {deepest} layers: {ends}.",
        f"{_dots(next(iter(flows.values())).gradient, '(geometric) means')} Dotted: as large at the first block "
        "as at the last.",
    )


def draw_agreements(flows):
    """How well gradients agree under noise, between neighboring images, and between different ones, by depth."""
    titles = {
        "noise": "one image twice, with dropout",
        "neighbors": "two images that differ a little",
        "unrelated": "two different images",
    }
    figure, axes = new_figure(11, 3.6, 1, 3, sharey=True)
    for axis, (part, title) in zip(axes, titles.items(), strict=True):
        axis.axhline(0.5, color=BLACK, linewidth=0.8, linestyle=":")
        for name, flow in flows.items():
            _line(axis, name, flow.depths, getattr(flow, part))
        _depth_axis(axis, next(iter(flows.values())).depths)
        axis.set_title(title, fontsize=10)
        axis.set_ylim(-0.15, 1.05)
    axes[0].set_ylabel("cosine of the two gradients")
    axes[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    ends = "; ".join(
        f"{name} {', '.join(f'≈ {np.median(getattr(flow, part)[:, -1]):.2f}' for part in titles)}"
        for name, flow in flows.items()
    )
    deepest = next(iter(flows.values())).depths[-1]
    return picture(
        figure,
        "Three panels: cosine between two gradients of one image under two draws of dropout, of two similar images, "
        f"and of two different images, against depth. Medians after {deepest} layers, in this order: {ends}.",
        f"{_dots(next(iter(flows.values())).noise)} Below the dotted line there is more noise than signal.",
    )


def draw_race(runs):
    """Training accuracy against depth, a dot a seed; ``runs`` are ``Runs`` of any kinds and depths."""
    figure, axis = new_figure(7.5, 4)
    depths = sorted({each.depth for each in runs})
    names = list(dict.fromkeys(each.kind.name for each in runs))
    for place, name in enumerate(names):
        own = sorted((each for each in runs if each.kind.name == name), key=lambda each: each.depth)
        shift = 0.06 * (place - (len(names) - 1) / 2)
        places = [depths.index(each.depth) + shift for each in own]
        _line(axis, name, places, np.array([each.train_accuracy for each in own]).T)
    axis.axhline(runs[0].chance, color=BLACK, linewidth=0.8, linestyle=":")
    axis.text(-0.35, runs[0].chance, "chance ", va="bottom", fontsize=9)
    axis.set_xticks(range(len(depths)), depths)
    axis.set_xlim(-0.4, len(depths) - 0.6)
    axis.set_ylim(0, None)
    axis.set_xlabel("3×3 convolutions in a row")
    axis.set_ylabel("training accuracy")
    axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    means = "; ".join(f"{each.kind.name}, {each.depth} layers: {_percent(each.train_accuracy)}" for each in runs)
    return picture(
        figure,
        f"Training accuracy against depth, with chance at {runs[0].chance:.1%}. {means}.",
        _dots(runs[0].train_accuracy),
    )


def draw_degradation(found):
    """Training error against depth, without and with batch normalization; ``found`` as ``utils.evidence.pieces``."""
    figure, axes = new_figure(10, 3.6, 1, 2, sharey=True)
    titles, ends = ("without batch normalization", "with batch normalization"), []
    for bn, (axis, title) in enumerate(zip(axes, titles, strict=True)):
        for design in ("plain", "residual"):
            errors = {}
            for piece, numbers in found:
                if (piece["design"], piece["bn"], piece["patience"]) == (design, bool(bn), 1):
                    errors.setdefault(piece["depth"], []).append(100 * numbers["error"])
            depths, style = sorted(errors), STYLES[design]
            for depth in depths:
                axis.plot([depth] * len(errors[depth]), errors[depth], linestyle="", markersize=4, alpha=0.5, **style)
            medians = [np.median(errors[depth]) for depth in depths]
            axis.plot(depths, medians, linewidth=1.8, markersize=7, label=design, **style)
            each = ", ".join(f"{depth} layers {error:.1f}" for depth, error in zip(depths, medians, strict=True))
            ends.append(f"{design}, {title}: {each}")
        axis.set_title(title, fontsize=10)
        _depth_axis(axis, depths)
    axes[0].set_ylim(-0.7, None)  # a network without an error shows its mark whole
    axes[0].set_ylabel("training error, percent")
    axes[1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    return picture(
        figure,
        f"Training error in percent against depth, after training on Fashion-MNIST. Medians: {'; '.join(ends)}.",
        "A dot is one seed; lines join the medians.",
    )


def draw_identity(learned):
    """How far blocks are from the identity before and after training; ``learned`` maps names to ``IdentityLearned``."""
    figure, axis = new_figure(6.5, 3.2)
    for name, each in learned.items():
        _line(axis, name, (0, 1), np.stack([each.before, each.after], axis=1), logarithmic=True)
    axis.set_yscale("log")
    axis.set_xticks((0, 1), ("before training", "after training"))
    axis.set_xlim(-0.3, 1.3)
    axis.set_ylabel("distance from the identity\n(share of the input's power)")
    axis.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    ends = "; ".join(
        f"{name} from ≈ {each.before.mean():.2f} to {_power(each.after)}" for name, each in learned.items()
    )
    return picture(
        figure,
        f"Distance of a block from the identity before and after training, on a logarithmic axis: {ends}.",
        _dots(next(iter(learned.values())).after, "(geometric) means"),
    )


def draw_paths(paths):
    """The gradient by the number of blocks on a path; ``paths`` maps names of networks to ``PathGradients``."""
    figure, axes = new_figure(10, 3.4, 1, len(paths), sharey=True)
    for axis, (name, each) in zip(np.ravel(axes), paths.items(), strict=True):
        lengths = np.arange(each.blocks + 1)
        gradient = (each.sums / each.sums.sum(axis=1, keepdims=True)).mean(axis=0)
        counted = paths_by_length(each.blocks) / 2**each.blocks
        axis.axvspan(-0.5, each.short + 0.5, color=SKY, alpha=0.2, linewidth=0)
        axis.bar(lengths - 0.2, gradient, 0.4, color=BLUE, label="share of the gradient")
        axis.bar(lengths + 0.2, counted, 0.4, color=ORANGE, label="share of the paths")
        axis.set_title(name, fontsize=10)
        axis.set_xlabel("blocks on the path")
        axis.xaxis.set_major_locator(MaxNLocator(6, integer=True))
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    np.ravel(axes)[-1].legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    shares = "; ".join(
        f"{name}: {_percent(np.median(each.share_of_sums))} of the gradient, "
        f"{_percent(each.share_of_paths)} of the paths"
        for name, each in paths.items()
    )
    return picture(
        figure,
        "Bars for each number of blocks on a path: the share of the gradient through paths of that length, and the "
        f"share of the paths. Through at most a third of the blocks, median over the seeds: {shares}.",
        f"Bars: means over {len(each.sums)} seeds; the spread of their sum is in the verdict. "
        "Blue background: at most a third of the blocks.",
    )


def draw_lesions(lesions):
    """Test accuracy without one part of a trained network; ``lesions`` maps names of kinds to ``Deletions``."""
    figure, axes = new_figure(11, 3.4, 1, len(lesions), sharey=True)
    for axis, (name, each) in zip(np.ravel(axes), lesions.items(), strict=True):
        parts = each.deleted.shape[1]
        axis.axhline(each.chance, color=BLACK, linewidth=0.8, linestyle=":")
        axis.axhline(each.whole.mean(), color=BLACK, linewidth=0.8, linestyle="--")
        _line(axis, name, range(1, parts + 1), each.deleted)
        axis.set_xticks(range(1, parts + 1, 1 + parts // 12))
        axis.set_xlim(0.4, parts + 0.6)
        axis.set_title(name, fontsize=10)
        axis.set_xlabel("block deleted" if name.startswith("residual") else "block that loses a layer")
        axis.yaxis.set_major_formatter(PercentFormatter(1, decimals=0))
    np.ravel(axes)[0].set_ylabel("test accuracy")
    np.ravel(axes)[0].set_ylim(0, None)
    medians = "; ".join(
        f"{name}: whole {_percent(np.median(each.whole))}; a share of ≈ {np.median(each.kept):.2f} of what was learned "
        f"is left without one part, ≈ {np.median(each.kept_without_the_most_important):.2f} without the most "
        f"important one, ≈ {np.median(each.kept_without_several):.2f} without three tenths"
        for name, each in lesions.items()
    )
    return picture(
        figure,
        f"Test accuracy of trained networks without one of their parts, by the part's place. Medians: {medians}.",
        f"{_dots(next(iter(lesions.values())).deleted)} Dashed: the whole network. Dotted: chance.",
    )


def _line(axis, name, places, values, logarithmic=False):
    """A dot a seed and a line through the means; ``values`` is ``(seeds, places)``."""
    style = STYLES[name]
    for row in values:
        axis.plot(places, row, linestyle="", markersize=4, alpha=0.5, **style)
    means = np.exp(np.log(values).mean(axis=0)) if logarithmic else values.mean(axis=0)
    axis.plot(places, means, linewidth=1.8, markersize=7, label=name, **style)


def _dots(values, joined="means"):
    """What dots and lines of ``_line`` are, for a caption; ``values`` has a row for each seed."""
    return f"A dot is one of {len(values)} seeds, a line joins the {joined}; verdicts take medians."


def _depth_axis(axis, depths):
    axis.set_xticks(depths)
    axis.set_xlabel("3×3 convolutions in a row")


def _power(values):
    """A geometric mean as a power of ten: of numbers this far apart only the exponent says something."""
    return f"10 to the power of ≈ {np.log10(values).mean():.1f}"


def _percent(values):
    return f"≈ {100 * np.mean(values):.0f} %"
