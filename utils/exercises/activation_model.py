"""A model that returns the activations of all layers of one kind, by their names."""

from utils.exercises import Slip
from utils.exercises._lazily import keras, layers

KIND = "change"
POINTS = 2
TEXT = (
    "Change the function so that its model returns a dictionary: from the name of each layer of that kind to its "
    "activations."
)
STUB = '''
def activation_model(model, kind):
    """kind: a class of layers, such as keras.layers.ReLU. Returns a Keras
    model with the input and the layers of model.

    Called with images, it returns a dictionary: the name of each layer of that
    kind → its activations.
    """
    # change this: it returns a list, and only for the layer that is named here
    names = ["second"]
    return keras.Model(model.input, [model.get_layer(name).output for name in names])
'''
HINTS = (
    "model.layers lists all layers in order. isinstance(layer, kind) says whether a layer is of that kind.",
    "The outputs of a keras.Model may be a dictionary. Then it returns a dictionary with the same keys.",
)
NAMES = "first", "second", "third", "fourth"  # of layers: a convolution, a ReLU, and the same again


def cases(random):
    for name, kind, count in (
        ("two_layers", layers.ReLU, 2),
        ("four_layers", layers.Conv2D, 4),
        ("four_layers_in_a_batch", layers.ReLU, 4),
        ("two_layers_with_one_convolution", layers.Conv2D, 2),
    ):
        channels = int(random.integers(1, 4))
        inputs = x = keras.Input((4, 5, channels), name="image")
        for number, layer_name in enumerate(NAMES[:count]):
            if number % 2 == 0:
                x = layers.Conv2D(int(random.integers(2, 5)), 3, padding="same", name=layer_name)(x)
            else:
                x = layers.ReLU(name=layer_name)(x)
        model = keras.Model(inputs, layers.GlobalAveragePooling2D(name="average")(x), name=name)
        model.set_weights([random.normal(size=each.shape) for each in model.weights])
        images = random.normal(size=(3 if "batch" in name else 1, 4, 5, channels)).astype("float32")
        yield {"model": model, "kind": kind, "images": images}


def run(function, model, kind, images):
    """What the function's model returns for the images."""
    inside = function(model, kind)
    if inside is None:
        return None
    if not isinstance(inside, keras.Model):
        raise TypeError(f"a keras.Model is needed, and it returns a {type(inside).__name__}")
    found = inside(images, training=False)
    return tuple(found) if isinstance(found, list) else found


def reference(model, kind, images):
    """Layer after layer, without a second model."""
    found, x = {}, images
    for layer in model.layers[1:]:
        x = layer(x)
        if isinstance(layer, kind):
            found[layer.name] = x
    return found


def activation_model(model, kind):
    chosen = [layer for layer in model.layers if isinstance(layer, kind)]
    return keras.Model(model.input, {layer.name: layer.output for layer in chosen})


SOLUTION = activation_model


def _wrong(chosen=lambda layers: layers, output=lambda layer: layer.output, as_list=False, all_kinds=False):
    """The same with one mistake."""

    def inside(model, kind):
        found = chosen([layer for layer in model.layers[1:] if all_kinds or isinstance(layer, kind)])
        outputs = {layer.name: output(layer) for layer in found}
        return keras.Model(model.input, list(outputs.values()) if as_list else outputs)

    return inside


def _every_layer(model, kind):
    return keras.Model(model.input, {layer.name: layer.output for layer in model.layers})


def _by_number(model, kind):
    chosen = [layer for layer in model.layers if isinstance(layer, kind)]
    return keras.Model(model.input, {str(number): layer.output for number, layer in enumerate(chosen)})


SLIPS = (
    Slip(
        _wrong(as_list=True),
        "a list instead of a dictionary",
        "The activations are right, but nobody can see which layer they come from. Give the model its outputs as a "
        "dictionary.",
    ),
    Slip(
        _wrong(chosen=lambda layers: layers[-1:]),
        "only the last layer",
        "Only the last layer of that kind is in the dictionary. Is a name or a variable overwritten in your loop?",
    ),
    Slip(
        _wrong(chosen=lambda layers: layers[:1]),
        "only the first layer",
        "Only the first layer of that kind is in the dictionary. Does your loop return too early?",
    ),
    Slip(
        _wrong(output=lambda layer: layer.input),
        "inputs instead of outputs",
        "These are the layers' inputs. Activations are a layer's outputs.",
    ),
    Slip(_wrong(all_kinds=True), "layers of every kind", "You return all layers. Only those of the class kind count."),
    Slip(
        _every_layer,
        "every layer, and the input as well",
        "You return all of model.layers, which even contains the input. Only layers of the class kind count: "
        "isinstance(layer, kind).",
    ),
    Slip(_by_number, "numbers instead of names", "The keys are numbers. Use the names of the layers as keys."),
)
