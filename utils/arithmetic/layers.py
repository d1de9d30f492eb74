"""The layers, each with the name and the arguments of its Keras layer."""

from dataclasses import dataclass
from math import prod

from utils.arithmetic.counting import Count, Part, count, output_size


class Layer:
    """What all layers answer; a layer that only changes values (ReLU, dropout) needs no more than this."""

    def output_shape(self, shape):
        return tuple(shape)

    def parameters(self, shape):
        """The ``Count`` of the layer's parameters for that input; ``.trainable`` of them are trained."""
        return Count()

    def multiply_adds(self, shape):
        """The ``Count`` of multiply-adds for one input. Positions on the padding count in full, as usual; biases,
        normalizations, activations and additions do not count."""
        return Count()

    def receptive_field(self, shape):
        """How many rows of the input one unit of the output sees, and how many columns (border effects aside)."""
        return self.seen((1, 1), shape)

    def seen(self, window, shape):
        """The rows and columns of the input that a ``window`` (rows, columns) of the output sees."""
        return window

    def __str__(self):
        return type(self).__name__


@dataclass(frozen=True)
class Elementwise(Layer):
    """A layer without parameters that leaves the shape as it is: Rescaling, ReLU, Dropout, Activation."""

    name: str = "activation"

    def __str__(self):
        return self.name


@dataclass(frozen=True)
class _Windowed(Layer):
    """What convolutions and poolings share. The attributes come from the subclasses."""

    def output_shape(self, shape):
        return (*self._positions(shape), self._channels(shape))

    def seen(self, window, shape):
        strides, reach = _pair(self.strides), _reach(self)
        return tuple((n - 1) * stride + k for n, stride, k in zip(window, strides, reach, strict=True))

    def _positions(self, shape):
        sizes = zip(shape[:2], _pair(self._window), _pair(self.strides), _pair(self._dilation), strict=True)
        return tuple(output_size(size, window, stride, self.padding, d) for size, window, stride, d in sizes)

    @property
    def _window(self):
        return self.kernel_size

    @property
    def _dilation(self):
        return self.dilation_rate

    def _channels(self, shape):
        return self.filters

    def __str__(self):
        height, width = _pair(self._window)
        return f"{type(self).__name__} {height}×{width}"


@dataclass(frozen=True)
class Conv2D(_Windowed):
    """The ordinary convolution: each of the ``filters`` looks at all channels (of its group)."""

    filters: int
    kernel_size: int | tuple[int, int]
    strides: int | tuple[int, int] = 1
    padding: str = "valid"
    dilation_rate: int | tuple[int, int] = 1
    groups: int = 1
    use_bias: bool = True

    def __post_init__(self):
        _check(self)
        if max(_pair(self.dilation_rate)) > 1 and max(_pair(self.strides)) > 1:
            raise ValueError(f"strides={self.strides}, dilation_rate={self.dilation_rate}: one of them must be 1")
        if self.filters % self.groups:
            raise ValueError(f"filters={self.filters}: a multiple of groups={self.groups} is needed")

    def parameters(self, shape):
        kernels = count("kernels", *_pair(self.kernel_size), self._channels_seen(shape), self.filters)
        return Count((kernels, *_biases(self, self.filters)))

    def multiply_adds(self, shape):
        factors = *self.output_shape(shape), *_pair(self.kernel_size), self._channels_seen(shape)
        return Count((count("output values × kernel", *factors),))

    def _channels_seen(self, shape):
        if shape[-1] % self.groups:
            raise ValueError(f"channels={shape[-1]}: a multiple of groups={self.groups} is needed")
        return shape[-1] // self.groups


@dataclass(frozen=True)
class DepthwiseConv2D(_Windowed):
    """One kernel (or ``depth_multiplier`` of them) per input channel; no channel sees another."""

    kernel_size: int | tuple[int, int]
    strides: int | tuple[int, int] = 1
    padding: str = "valid"
    depth_multiplier: int = 1
    dilation_rate: int | tuple[int, int] = 1
    use_bias: bool = True

    def __post_init__(self):
        _check(self)
        _no_mixed_strides(self)

    def parameters(self, shape):
        kernels = count("depthwise kernels", *_pair(self.kernel_size), shape[-1], *_unless_1(self.depth_multiplier))
        return Count((kernels, *_biases(self, self._channels(shape))))

    def multiply_adds(self, shape):
        factors = *self.output_shape(shape), *_pair(self.kernel_size)
        return Count((count("output values × kernel", *factors),))

    def _channels(self, shape):
        return shape[-1] * self.depth_multiplier


@dataclass(frozen=True)
class SeparableConv2D(_Windowed):
    """A depthwise convolution without bias, then a pointwise (1×1) one with bias (Chollet 2017)."""

    filters: int
    kernel_size: int | tuple[int, int]
    strides: int | tuple[int, int] = 1
    padding: str = "valid"
    dilation_rate: int | tuple[int, int] = 1
    depth_multiplier: int = 1
    use_bias: bool = True

    def __post_init__(self):
        _check(self)
        _no_mixed_strides(self)

    def parameters(self, shape):
        (depthwise,) = self._depthwise.parameters(shape).parts
        pointwise = count("pointwise kernels", shape[-1] * self.depth_multiplier, self.filters)
        return Count((depthwise, pointwise, *_biases(self, self.filters)))

    def multiply_adds(self, shape):
        between = self._depthwise.output_shape(shape)
        (depthwise,) = self._depthwise.multiply_adds(shape).parts
        pointwise = count("pointwise", *between, self.filters)
        return Count((Part("depthwise", depthwise.value, depthwise.factors), pointwise))

    @property
    def _depthwise(self):
        return DepthwiseConv2D(
            self.kernel_size, self.strides, self.padding, self.depth_multiplier, self.dilation_rate, use_bias=False
        )


@dataclass(frozen=True)
class Conv2DTranspose(_Windowed):
    """The convolution run backward: each input value is spread over a window of the output."""

    filters: int
    kernel_size: int | tuple[int, int]
    strides: int | tuple[int, int] = 1
    padding: str = "valid"
    use_bias: bool = True

    dilation_rate = 1

    def __post_init__(self):
        _check(self)

    def parameters(self, shape):
        kernels = count("kernels", *_pair(self.kernel_size), shape[-1], self.filters)
        return Count((kernels, *_biases(self, self.filters)))

    def multiply_adds(self, shape):
        return Count((count("input values × kernel", *shape, *_pair(self.kernel_size), self.filters),))

    def seen(self, window, shape):
        sizes = zip(window, _pair(self.strides), _pair(self.kernel_size), strict=True)
        return tuple(-(-(n + kernel - 1) // stride) for n, stride, kernel in sizes)

    def _positions(self, shape):
        sizes = zip(shape[:2], _pair(self.strides), _pair(self.kernel_size), strict=True)
        spare = self.padding == "valid"
        return tuple(size * stride + spare * max(kernel - stride, 0) for size, stride, kernel in sizes)


@dataclass(frozen=True)
class MaxPooling2D(_Windowed):
    """The largest value under each window; ``strides=None`` means as far as the window is wide."""

    pool_size: int | tuple[int, int] = 2
    strides: int | tuple[int, int] | None = None
    padding: str = "valid"

    _dilation = 1

    def __post_init__(self):
        if self.strides is None:
            object.__setattr__(self, "strides", self.pool_size)
        _check(self)

    @property
    def _window(self):
        return self.pool_size

    def _channels(self, shape):
        return shape[-1]


@dataclass(frozen=True)
class AveragePooling2D(MaxPooling2D):
    """The mean under each window: it counts as max pooling does."""


@dataclass(frozen=True)
class GlobalAveragePooling2D(Layer):
    """The mean over all positions of each channel."""

    def output_shape(self, shape):
        return (shape[-1],)

    def seen(self, window, shape):
        return tuple(shape[:2])


@dataclass(frozen=True)
class Flatten(Layer):
    """All values in one row."""

    def output_shape(self, shape):
        return (prod(shape),)


@dataclass(frozen=True)
class Dense(Layer):
    """Every unit looks at all features of the last axis."""

    units: int
    use_bias: bool = True

    def __post_init__(self):
        _check(self)

    def output_shape(self, shape):
        return (*shape[:-1], self.units)

    def parameters(self, shape):
        return Count((count("weights", shape[-1], self.units), *_biases(self, self.units)))

    def multiply_adds(self, shape):
        return Count((count("input values × units", *shape, self.units),))

    def seen(self, window, shape):
        return tuple(shape[:2]) if len(shape) == 1 else window


@dataclass(frozen=True)
class BatchNormalization(Layer):
    """Normalizes each channel; γ and β are trained, the moving statistics are only kept (Ioffe & Szegedy 2015)."""

    center: bool = True
    scale: bool = True

    def parameters(self, shape):
        names = ["gamma"] * self.scale + ["beta"] * self.center
        learned = [count(name, shape[-1]) for name in names]
        kept = [count(name, shape[-1], trainable=0) for name in ("moving_mean", "moving_variance")]
        return Count((*learned, *kept))


def _pair(value):
    return tuple(value) if isinstance(value, tuple | list) else (value, value)


def _reach(layer):
    """How many values a layer's window spans along each axis, gaps of the dilation included."""
    return tuple(d * (k - 1) + 1 for k, d in zip(_pair(layer._window), _pair(layer._dilation), strict=True))


def _biases(layer, number):
    return (count("biases", number),) if layer.use_bias else ()


def _unless_1(factor):
    return () if factor == 1 else (factor,)


def _check(layer):
    """Raise ``ValueError`` for an argument that no layer takes."""
    for name, value in vars(layer).items():
        if name == "padding":
            if value not in ("valid", "same"):
                raise ValueError(f"padding={value!r}: 'valid' or 'same' is needed")
        elif name != "use_bias" and not all(isinstance(n, int) and n > 0 for n in _pair(value)):
            raise ValueError(f"{name}={value}: a positive integer is needed")


def _no_mixed_strides(layer):
    """TensorFlow's depthwise convolution knows one stride for both axes (a dilated one goes by other means)."""
    height, width = _pair(layer.strides)
    if height != width and max(_pair(layer.dilation_rate)) == 1:
        raise ValueError(f"strides={layer.strides}: a depthwise convolution takes the same stride on both axes")
