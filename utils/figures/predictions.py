"""The figure of a student's predictions over the whole course."""

from utils.figures import BLACK, BLUE, VERMILION, new_figure, picture

FARTHEST = 2.0  # in units of the claims' scales: what lies beyond is drawn there


def draw_predictions(ranges, groups, level):
    """Ranges around what was measured, and how often choices of about the same confidence were right.

    ``ranges`` are ``(name, low, high, hit)``, the ends relative to what was measured, in units of a claim's scale.
    ``groups`` are ``(mean confidence, share right, low, high, n)``, the interval being that of the share. ``level`` is
    the share of the ranges that should hold. Where there is nothing of one kind, the other is drawn alone.
    """
    columns = bool(ranges) + bool(groups)
    height = max(3.2, 1.4 + 0.2 * len(ranges))
    widths = [3, 2] if columns == 2 else [1]
    figure, axes = new_figure(4.5 * columns, height, 1, columns, squeeze=False, width_ratios=widths)
    left, right, alt = axes[0, 0], axes[0, -1], []
    if ranges:
        _draw_ranges(left, ranges)
        missed = [f"{name} ({'above' if low > 0 else 'below'} it)" for name, low, _, hit in ranges if not hit]
        alt.append(
            f"{len(ranges)} ranges around what was measured: {len(ranges) - len(missed)} hold it, where "
            f"{level * len(ranges):.3g} should" + (f"; missed: {', '.join(missed)}" if missed else "")
        )
    if groups:
        _draw_groups(right, groups)
        said = (f"{share:.0%} of {n} right at a confidence of {sure:.0%}" for sure, share, _, _, n in groups)
        alt.append(f"Choices: {'; '.join(said)}. On the diagonal both would be the same")
    return picture(figure, ". ".join(alt) + ".")


def _draw_ranges(axis, ranges):
    for row, (_, low, high, hit) in enumerate(ranges):
        ends = [min(max(end, -FARTHEST), FARTHEST) for end in (low, high)]
        color, line, mark = (BLUE, "-", "|") if hit else (VERMILION, ":", "x")
        axis.plot(ends, [row, row], line, color=color, marker=mark, linewidth=2.5, markersize=6)
    axis.axvline(0, color=BLACK, linewidth=0.8)
    limits = (-FARTHEST - 0.1, FARTHEST + 0.1)
    axis.set(xlim=limits, ylim=(len(ranges) - 0.4, -0.6), yticks=range(len(ranges)), title="Ranges")
    axis.set_yticklabels([name for name, *_ in ranges], fontsize=7.5)
    axis.set_xlabel("distance to what was measured, in units of its scale\n(dots and ×: missed; cut at ±2)", fontsize=8)


def _draw_groups(axis, groups):
    axis.plot([0, 1], [0, 1], "--", color=BLACK, linewidth=0.8)
    for sure, share, low, high, n in groups:
        axis.plot([sure, sure], [low, high], color=BLUE, linewidth=1.2)
        axis.plot(sure, share, "o", color=BLUE)
        axis.annotate(f"n = {n}", (sure, share), (5, 4), textcoords="offset points", fontsize=8)
    axis.set(xlim=(0.2, 1.08), ylim=(-0.03, 1.05), xlabel="confidence", ylabel="share that was right", title="Choices")
