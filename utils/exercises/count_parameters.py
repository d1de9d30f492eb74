"""How many parameters a separable convolution has, as a function of all its settings."""

from utils.exercises import Slip

KIND = "fill in"
POINTS = 2
TEXT = "Write a function that counts the parameters of a SeparableConv2D from its settings, without building it."
STUB = '''
def separable_parameters(
    kernel_size, channels, filters, depth_multiplier=1, use_bias=True
):
    """kernel_size: (rows, columns); channels come in, filters go out. Returns
    a whole number.
    """
    ...  # your code
'''
HINTS = (
    "Count the depthwise kernel, the pointwise kernel and the bias one by one.",
    "How many maps lie between the two steps when depth_multiplier is 2? Which of the two steps has the bias?",
)


def cases(random):
    yield {"kernel_size": (1, 1), "channels": 1, "filters": 2, "depth_multiplier": 1, "use_bias": False}
    yield {"kernel_size": (3, 3), "channels": 4, "filters": 5, "depth_multiplier": 1, "use_bias": True}
    yield {"kernel_size": (2, 3), "channels": 3, "filters": 2, "depth_multiplier": 2, "use_bias": True}
    for use_bias in (True, False):
        rows, columns = random.choice(range(1, 8), 2, replace=False)
        channels, filters = random.choice(range(5, 40), 2, replace=False)
        yield {
            "kernel_size": (int(rows), int(columns)),
            "channels": int(channels),
            "filters": int(filters),
            "depth_multiplier": int(random.integers(3, 6)),
            "use_bias": use_bias,
        }


def reference(channels, **settings):
    from keras import layers

    layer = layers.SeparableConv2D(**settings)
    layer.build((None, None, None, channels))
    return layer.count_params()


def separable_parameters(kernel_size, channels, filters, depth_multiplier=1, use_bias=True):
    rows, columns = kernel_size
    between = channels * depth_multiplier
    return rows * columns * between + between * filters + use_bias * filters


SOLUTION = separable_parameters


def _counted(depthwise, pointwise, bias):
    """The sum of three counts, each a function of rows, columns, channels, filters, multiplier and use_bias."""

    def count(kernel_size, channels, filters, depth_multiplier, use_bias):
        settings = *kernel_size, channels, filters, depth_multiplier, use_bias
        return depthwise(*settings) + pointwise(*settings) + bias(*settings)

    return count


def _depthwise(rows, columns, channels, filters, multiplier, use_bias):
    return rows * columns * channels * multiplier


def _pointwise(rows, columns, channels, filters, multiplier, use_bias):
    return channels * multiplier * filters


def _bias(rows, columns, channels, filters, multiplier, use_bias):
    return use_bias * filters


def _without_brackets(**settings):
    return separable_parameters(**settings) if settings["use_bias"] else 0


SLIPS = (
    Slip(
        _without_brackets,
        "nothing without a bias",
        "With use_bias=False you return 0. Python reads a + b if c else 0 as (a + b) if c else 0. Write brackets: "
        "a + (b if c else 0).",
    ),
    Slip(
        _counted(_depthwise, _pointwise, lambda r, c, n, f, m, use: use),
        "one bias for the whole layer",
        "You add a single bias. Each filter has one of its own.",
    ),
    Slip(
        _counted(lambda r, c, n, f, m, use: r * c * n * m * f, _pointwise, _bias),
        "a window for each filter",
        "You count the windows once for each filter. All filters share them: the windows belong to the channels.",
    ),
    Slip(
        _counted(_depthwise, _pointwise, lambda r, c, n, f, m, use: use * (f + n * m)),
        "a bias in both steps",
        "Keras's SeparableConv2D has one bias, in the pointwise step.",
    ),
    Slip(
        _counted(_depthwise, _pointwise, lambda r, c, n, f, m, use: use * n * m),
        "the bias on the wrong side",
        "The bias belongs to the maps that leave the layer, not to those in between.",
    ),
    Slip(_counted(_depthwise, _pointwise, lambda r, c, n, f, m, use: f), "always a bias", "use_bias may be False."),
    Slip(_counted(_depthwise, _pointwise, lambda *settings: 0), "never a bias", "use_bias may be True."),
    Slip(
        _counted(_depthwise, lambda r, c, n, f, m, use: n * f, _bias),
        "depth_multiplier in the first step only",
        "The depthwise step gives channels * depth_multiplier maps. The pointwise step sees all of them.",
    ),
    Slip(
        _counted(lambda r, c, n, f, m, use: r * c * n, lambda r, c, n, f, m, use: n * f, _bias),
        "depth_multiplier is forgotten",
        "With depth_multiplier=2 each channel has two windows, and twice as many maps lie between the steps.",
    ),
    Slip(
        _counted(lambda r, c, n, f, m, use: r * r * n * m, _pointwise, _bias),
        "every window is a square",
        "You take the first side twice. A window may have more columns than rows.",
    ),
    Slip(
        _counted(lambda r, c, n, f, m, use: (r + c) * n * m, _pointwise, _bias),
        "the sides are added",
        "A window of rows × columns has a weight for each of its places.",
    ),
    Slip(
        _counted(lambda r, c, n, f, m, use: r * c * n * f, lambda *settings: 0, _bias),
        "an ordinary convolution",
        "This is what Conv2D has: a window for each pair of channel and filter. Count the two steps separately.",
    ),
    Slip(
        _counted(lambda r, c, n, f, m, use: r * c * m, _pointwise, _bias),
        "one window for all channels",
        "Each channel that comes in has windows of its own.",
    ),
)
