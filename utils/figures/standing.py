"""Where a student stands, as a picture. It counts nothing itself."""

from utils.figures import BLACK, GREEN, VERMILION, new_figure, picture

LOOKS = {  # color and hatching
    "right": (GREEN, ""),
    "made": (GREEN, ""),
    "not right yet": (VERMILION, "///"),
    "open": ("#E8E8E8", ""),
}


def draw_standing(counts):
    """``counts[kind][notebook][state]`` as a ``Picture``: a panel for each kind, a bar for each notebook.

    The states are "right" or "made", "not right yet" and "open".
    """
    notebooks = list(next(iter(counts.values())))
    figure, axes = new_figure(9.0, 0.6 + 0.28 * len(notebooks), columns=len(counts), sharey=True, squeeze=False)
    shown = {}
    for panel, (kind, own) in zip(axes[0], counts.items(), strict=True):
        panel.set_title(kind, fontsize=10)
        for row, states in enumerate(own.values()):
            left = 0
            for state, count in states.items():
                color, hatch = LOOKS[state]
                bar = panel.barh(row, count, left=left, height=0.7, color=color, hatch=hatch, edgecolor=BLACK, lw=0.5)
                shown.setdefault(state, bar)
                left += count
        panel.set_yticks(range(len(notebooks)), [each.split("_")[0] for each in notebooks])
        panel.xaxis.get_major_locator().set_params(integer=True)
        panel.tick_params(labelsize=9)
    axes[0][0].invert_yaxis()
    axes[0][0].set_ylabel("notebook", fontsize=9)
    shown = {state: shown[state] for state in LOOKS if state in shown}
    figure.legend(shown.values(), shown, loc="outside lower center", ncols=len(shown), fontsize=9, frameon=False)
    return picture(figure, "Where you stand. " + " ".join(_said(counts, each) for each in notebooks))


def _said(counts, notebook):
    parts = (
        f"{kind.lower()}: "
        + (", ".join(f"{count} {state}" for state, count in own[notebook].items() if count) or "none")
        for kind, own in counts.items()
    )
    return f"{notebook}: {'; '.join(parts)}."
