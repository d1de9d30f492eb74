"""Whether a piece that is measured again finds what is kept, as nearly as a training repeats on another machine."""

import math

ROOM = 0.1  # of shares and losses around 1; a training amplifies each rounding


def differences(kept, again, where=""):
    """The places, in words, where two JSON values differ by more than a tenth, or a tenth of the larger one."""
    if isinstance(kept, dict) and isinstance(again, dict) and kept.keys() == again.keys():
        return [each for name in kept for each in differences(kept[name], again[name], f"{where} {name}".strip())]
    if isinstance(kept, list) and isinstance(again, list) and len(kept) == len(again):
        return [
            each for n, pair in enumerate(zip(kept, again, strict=True)) for each in differences(*pair, f"{where}[{n}]")
        ]
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (kept, again))
    if numbers and math.isclose(kept, again, rel_tol=ROOM, abs_tol=ROOM):
        return []
    return [] if kept == again else [f"{where}: {kept} is kept, {again} came out"]
