"""Operations on EfficientNet-Lite0, and what becomes of its labels: parts off, other statistics, other channels.

No operation touches the network given. It lends its numbers to a twin that holds none of its own: an
operation is a dictionary of the numbers that are to be others, ``{"block2b_project_bn/gamma": zeros, …}``.
"""

from dataclasses import dataclass
from functools import cache, partial

import keras
import numpy as np
import tensorflow as tf
from keras import layers

from utils.labels import gives_probabilities
from utils.photographs import photograph
from utils.pretrained import class_names, prepare
from utils.progress import Progress

PHOTOGRAPHS = ("chelsea", "coffee", "rocket", "camera")  # the network names what they show
CHANNELS = ("as trained", "red and blue swapped", "gray")
LUMINANCE = np.array([0.299, 0.587, 0.114], dtype="float32")  # red, green, blue (Rec. 601)


class OperatingTable:
    """Answers of a functional Keras model after operations on it; the model itself stays as it is.

    ``changes`` maps paths of variables to other values. Beside the model's own variables there is a number for
    each addition, ``<name of the Add layer>/shortcut``: what its first input is multiplied by, 1. Layers that are
    random in training, such as dropout, are so with ``batch_statistics``, too, and the same way each time.
    """

    def __init__(self, model):
        self.model = model
        self._twin = keras.models.clone_model(model, clone_function=_with_gate)
        self._gives_probabilities = gives_probabilities(model)
        # By order: the state of random layers has another path in each copy.
        own = iter(model.variables)
        self._own = {id(each): None if each.path.endswith("/shortcut") else next(own) for each in self._twin.variables}
        self._answer = {mode: self._compiled(mode) for mode in (False, True)}

    def logits(self, images, changes=None, batch_statistics=False):
        """The outputs for ``images``, ``(n, 224, 224, 3)`` → ``(n, 1000)``.

        With ``batch_statistics`` every batch normalization uses the mean and variance of these images, as in training,
        instead of its moving averages. Raises ``ValueError`` for changes to variables that are not there.
        """
        return self._look(images, changes, batch_statistics)[0].numpy()

    def probabilities(self, images, changes=None, batch_statistics=False):
        """The softmax of ``logits``; the outputs themselves where the model ends with one."""
        outputs = self._look(images, changes, batch_statistics)[0]
        return (outputs if self._gives_probabilities else tf.nn.softmax(outputs)).numpy()

    def moving_averages(self, images, changes=None):
        """What training mode would leave in the moving averages after one look at ``images``, by their paths."""
        values = self._look(images, changes, batch_statistics=True)[1]
        averages = zip(self._twin.non_trainable_variables, values, strict=True)
        return {variable.path: value.numpy() for variable, value in averages if "/moving_" in variable.path}

    def _look(self, images, changes, batch_statistics):
        changes = changes or {}
        if unknown := set(changes) - {variable.path for variable in self._twin.variables}:
            raise ValueError(f"no such variable: {', '.join(sorted(unknown))}")
        trainable, others = (
            [_number(each, changes.get(each.path, 1.0 if self._own[id(each)] is None else self._own[id(each)]))
             for each in variables]
            for variables in (self._twin.trainable_variables, self._twin.non_trainable_variables)
        )  # fmt: skip
        return self._answer[bool(batch_statistics)](trainable, others, tf.constant(images, "float32"))

    def _compiled(self, batch_statistics):
        """The twin as a function of all its numbers: traced once, whatever is operated on."""
        twin = self._twin
        numbers = [
            [tf.TensorSpec(variable.shape, variable.dtype) for variable in variables]
            for variables in (twin.trainable_variables, twin.non_trainable_variables)
        ]

        def answer(trainable, others, images):
            return twin.stateless_call(trainable, others, images, training=batch_statistics)

        # A partial: TensorFlow counts the traces of a function's code, and would take several tables for one.
        signature = [*numbers, tf.TensorSpec((None, *twin.input_shape[1:]), "float32")]
        return tf.function(partial(answer), input_signature=signature)


class GatedAdd(layers.Add):
    """``shortcut * first + second + …``: an addition whose first input can be cut."""

    def build(self, input_shape):
        self.shortcut = self.add_weight(shape=(), initializer="ones", trainable=False, name="shortcut")
        super().build(input_shape)

    def call(self, inputs):
        first, *others = inputs
        return self.shortcut * first + sum(others)


def residual_blocks(model):
    """The names of the blocks with a shortcut, in order: ``("block2b", …)``."""
    return tuple(layer.name.removesuffix("_add") for layer in model.layers if layer.name.endswith("_add"))


def other_blocks(model):
    """The names of the blocks without a shortcut, in order."""
    names = (each.name.removesuffix("_project_bn") for each in model.layers if each.name.endswith("_project_bn"))
    return tuple(name for name in names if name not in residual_blocks(model))


def switched_off(model, *blocks):
    """γ = β = 0 in the last batch normalization of each block: its branch gives 0, only a shortcut is left, if any."""
    changes = {}
    for block in blocks:
        last = _layer(model, f"{block}_project_bn")
        zeros = np.zeros(last.gamma.shape, "float32")
        changes |= {last.gamma.path: zeros, last.beta.path: zeros}
    return changes


def shortcut_cut(model, *blocks):
    """The shortcut of each block multiplied by 0: the branch is all that is left, as in a plain network."""
    return {f"{_layer(model, f'{block}_add').name}/shortcut": np.float32(0) for block in blocks}


def channels_reversed(model):
    """The first layer reads red as blue and blue as red (BGR images are a common slip)."""
    kernel = _first_kernel(model)
    return {kernel.path: keras.ops.convert_to_numpy(kernel)[:, :, ::-1]}


def color_removed(model):
    """The first layer sees the same gray, the luminance, in place of each channel."""
    kernel = _first_kernel(model)
    summed = keras.ops.convert_to_numpy(kernel).sum(axis=2, keepdims=True)
    return {kernel.path: LUMINANCE[:, None] * summed}


def operation(model, branches_off=(), shortcuts_cut=(), channels=CHANNELS[0]):
    """The changes of several operations at once; ``channels``, one of ``CHANNELS``, is what the first layer sees."""
    seen = dict(zip(CHANNELS, (lambda model: {}, channels_reversed, color_removed), strict=True))
    return switched_off(model, *branches_off) | shortcut_cut(model, *shortcuts_cut) | seen[channels](model)


def company_of(photo):
    """Three of ``PHOTOGRAPHS`` other than ``photo``, prepared: ``(3, 224, 224, 3)``."""
    return np.concatenate([_prepared(name) for name in PHOTOGRAPHS if name != photo][:3])


@cache
def _prepared(photo):
    return prepare(photograph(photo))


@dataclass(frozen=True)
class Lesions:
    """What operations do to the label that the intact network gives each of ``n`` images.

    ``probability`` is the intact network's, ``(n,)``; ``kept`` the share of it that is left after each operation,
    ``(operations, n)``: 1 is unharmed, more than 1 surer than before; ``labels_after`` has the same shape.
    """

    operations: tuple[str, ...]
    labels: tuple[str, ...]
    probability: np.ndarray
    kept: np.ndarray
    labels_after: np.ndarray


def lesions(table, images, operations):
    """Carry out each operation, ``{name: changes}``, on its own, and return the ``Lesions``."""
    intact = table.probabilities(images)
    label, each = intact.argmax(axis=1), np.arange(len(images))
    after = []
    with Progress("operations", len(operations)) as progress:
        for changes in operations.values():
            after.append(table.probabilities(images, changes))
            progress.advance()
    after = np.stack(after)
    names = np.array(class_names())
    return Lesions(
        tuple(operations),
        tuple(names[label].tolist()),
        intact[each, label],
        after[:, each, label] / intact[each, label],
        names[after.argmax(axis=2)],
    )


def views_of(names, draws, seed):
    """Random views of photographs, prepared: ``(draws, photographs, 224, 224, 3)``, one of each for every draw.

    Each is a random square of 85 to 100 % of the shorter side, mirrored half of the time.
    """
    random = np.random.default_rng(seed)
    pictures = [photograph(name) for name in names]
    return np.stack([np.concatenate([_framing(each, random) for each in pictures]) for _ in range(draws)])


def by_draw(lesions, draws):
    """The shares kept of ``lesions`` on views that were strung together draw by draw: ``(operations, draws, n)``."""
    return lesions.kept.reshape(len(lesions.operations), draws, -1)


def several_off(table, views, seed):
    """The share of the label's probability kept with 0, 1, … all branches off: ``(branches + 1, draws, n)``.

    ``views`` is ``(draws, n, height, width, channels)``. For each draw and number of branches, other ones are chosen at
    random.
    """
    blocks = residual_blocks(table.model)
    random = np.random.default_rng(seed)
    kept = []
    with Progress("numbers of branches off", len(blocks) + 1) as progress:
        for count in range(len(blocks) + 1):
            chosen = [random.choice(blocks, count, replace=False).tolist() for _ in views]
            off = [{"": switched_off(table.model, *some)} for some in chosen]
            kept.append([lesions(table, each, some).kept[0] for each, some in zip(views, off, strict=True)])
            progress.advance()
    return np.array(kept)


@dataclass(frozen=True)
class Company:
    """Each of ``n`` photographs alone and in the company of the others, in both modes of batch normalization.

    ``correlation`` is that of its 1,000 logits alone with those in company; ``kept`` is the share of its label's
    probability (alone, moving averages) that is left in company. Both map "moving averages" and "batch
    statistics" to ``(n,)``.
    """

    correlation: dict[str, np.ndarray]
    kept: dict[str, np.ndarray]


def company(table, images):
    """Show the network each image alone and all together; return the ``Company``."""
    intact = np.concatenate([table.probabilities(image[None]) for image in images])
    label, each = intact.argmax(axis=1), np.arange(len(images))
    correlation, kept = {}, {}
    for name, batch_statistics in (("moving averages", False), ("batch statistics", True)):
        alone = [table.logits(image[None], batch_statistics=batch_statistics)[0] for image in images]
        together = table.logits(images, batch_statistics=batch_statistics)
        correlation[name] = np.array([np.corrcoef(pair)[0, 1] for pair in zip(alone, together, strict=True)])
        kept[name] = table.probabilities(images, batch_statistics=batch_statistics)[each, label] / intact[each, label]
    return Company(correlation, kept)


def looks(table, images, numbers):
    """The share of each label's probability kept after ``numbers`` looks in training mode, ``(len(numbers), n)``.

    Each look at ``images`` moves the moving averages toward the batch's statistics. These do not depend on the
    moving averages, so ``k`` looks leave ``momentum^k · old + (1 − momentum^k) · batch``.
    """
    norms = [layer for layer in table.model.layers if isinstance(layer, layers.BatchNormalization)]
    old = {
        variable.path: keras.ops.convert_to_numpy(variable)
        for layer in norms
        for variable in (layer.moving_mean, layer.moving_variance)
    }
    momentum = {
        path: layer.momentum for layer in norms for path in (layer.moving_mean.path, layer.moving_variance.path)
    }
    first = table.moving_averages(images, {path: np.zeros_like(value) for path, value in old.items()})
    batch = {path: value / (1 - momentum[path]) for path, value in first.items()}
    after = {
        str(k): {path: momentum[path] ** k * old[path] + (1 - momentum[path] ** k) * batch[path] for path in old}
        for k in numbers
    }
    return lesions(table, images, after).kept


@dataclass(frozen=True)
class Block:
    """One block of the network: its depthwise filter's size and strides, its output, what it holds."""

    name: str
    kernel_size: int
    strides: int
    output_shape: tuple[int, int, int]
    residual: bool
    parameters: int


def blocks(model):
    """The blocks of the network in order, read off its layers."""
    rows = []
    for layer in model.layers:
        if layer.name.endswith("_project_bn"):
            name = layer.name.removesuffix("_project_bn")
            filters = model.get_layer(f"{name}_depthwise")
            parameters = sum(each.count_params() for each in model.layers if each.name.startswith(f"{name}_"))
            rows.append(
                Block(name, filters.kernel_size[0], filters.strides[0], tuple(layer.output.shape[1:]),
                      name in residual_blocks(model), parameters)
            )  # fmt: skip
    return tuple(rows)


def parameters_by_kind(model):
    """``{kind: (layers, parameters)}`` of the layers that have parameters, the largest first."""
    kinds = {}
    for layer in model.layers:
        if parameters := layer.count_params():
            size = f" {layer.kernel_size[0]}×{layer.kernel_size[1]}" if isinstance(layer, layers.Conv2D) else ""
            kind = type(layer).__name__ + size
            number, total = kinds.get(kind, (0, 0))
            kinds[kind] = number + 1, total + parameters
    return dict(sorted(kinds.items(), key=lambda item: -item[1][1]))


def _framing(photograph, random):
    """One random view of a photograph, prepared."""
    height, width = photograph.shape[:2]
    side = round(min(height, width) * random.uniform(0.85, 1))
    top, left = random.integers(height - side + 1), random.integers(width - side + 1)
    square = photograph[top : top + side, left : left + side]
    return prepare(square[:, ::-1] if random.random() < 0.5 else square)


def _number(variable, value):
    """The value that stands in for a variable of the twin, as a tensor of the same shape."""
    tensor = tf.cast(tf.convert_to_tensor(value), variable.dtype)
    if tensor.shape != variable.shape:
        raise ValueError(f"{variable.path}: a value of shape {tuple(tensor.shape)}, {variable.shape} is needed")
    return tensor


def _with_gate(layer):
    kind = GatedAdd if type(layer) is layers.Add else type(layer)
    return kind.from_config(layer.get_config())


def _layer(model, name):
    if name not in {layer.name for layer in model.layers}:
        there = ", ".join(
            residual_blocks(model) if name.endswith("_add") else residual_blocks(model) + other_blocks(model)
        )
        raise ValueError(f"{name.rsplit('_add')[0].rsplit('_project_bn')[0]!r}: one of these blocks is needed: {there}")
    return model.get_layer(name)


def _first_kernel(model):
    return next(layer for layer in model.layers if isinstance(layer, layers.Conv2D)).kernel
