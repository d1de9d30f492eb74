"""The public data sets from the server's file to ``load``, on small archives built as the real ones are."""

import contextlib
import gzip
import hashlib
import io
import pickle
import resource
import struct
import tarfile
import zipfile

import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from data_scripts import cats_vs_dogs, cifar10, fashion_mnist
from data_scripts.data_sets import available, fetch_data_set
from data_scripts.fetch import FetchError, Remote
from data_scripts.prepared import Rows, cache_folder
from utils.claims import claims
from utils.course.commands.data import data
from utils.course.evidence.files import keep
from utils.data import load
from utils.evidence import long_run, read
from utils.long_runs import ablation
from utils.long_runs._record import record

QUICK = {"timeout": 10, "pause": 0.01, "loopback_http": True}
random = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def empty_cache(tmp_path, monkeypatch):
    """An empty cache folder, and a machine without Debian's package."""
    monkeypatch.setenv("CONVNET_COURSE_DATA", str(tmp_path / "cache"))
    monkeypatch.setattr(fashion_mnist, "DEBIAN", tmp_path / "nowhere")
    return tmp_path / "cache"


def serve(server, monkeypatch, module, contents):
    """Let the server have the module's files; they are pinned by their true sizes and digests."""
    remotes = [
        Remote(server.url(remote.name), len(content), hashlib.sha256(content).hexdigest())
        for remote, content in zip(module.FILES, contents, strict=True)
    ]
    monkeypatch.setattr(module, "FILES", tuple(remotes))
    server.plan = [server.sends(content) for content in contents]


def python2_pickle(images, labels):
    """What Python 2's cPickle wrote for a batch of CIFAR-10, operation by operation: strings are not unicode."""

    def string(value):
        return b"U" + bytes([len(value)]) + value

    def whole(value):
        return b"K" + bytes([value]) if value < 256 else b"J" + struct.pack("<i", value)

    rows, columns = images.shape
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\n" + b"cnumpy\nndarray\n" + whole(0) + b"\x85" + string(b"b") + b"\x87R"
        + b"(" + whole(1) + whole(rows) + whole(columns) + b"\x86"
        + b"cnumpy\ndtype\n" + string(b"u1") + whole(0) + whole(1) + b"\x87R"
        + b"(" + whole(3) + string(b"|") + b"NNN" + whole(0) + whole(0) + whole(0) + b"tb"
        + b"\x89" + b"T" + struct.pack("<i", images.size) + images.tobytes() + b"tb"
    )  # fmt: skip
    return b"\x80\x02}(" + string(b"data") + array + string(b"labels") + b"](" + b"".join(map(whole, labels)) + b"eu."


def cifar_archive(batches):
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, content in batches.items():
            member = tarfile.TarInfo(f"cifar-10-batches-py/{name}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def cifar_batches(rows=20):
    """Six batches; in each, image number n of class n % 10 is n everywhere but for one red pixel at (2, 5)."""
    images = np.repeat(np.arange(rows, dtype=np.uint8), 3072).reshape(rows, 3, 32, 32)
    images[:, 0, 2, 5] = 255
    content = python2_pickle(images.reshape(rows, 3072), [n % 10 for n in range(rows)])
    return dict.fromkeys([*(f"data_batch_{n}" for n in range(1, 6)), "test_batch"], content)


def test_a_long_run_is_repeated_on_cifar10(server, monkeypatch, tmp_path):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    fetch_data_set("cifar10", **QUICK)
    numbers = ablation.perform({"seed": 101, "data": "cifar10"}, train=64, kept=32, test=20, epochs=1)
    (found,) = record("ablation", "cifar10", {"seed": 101}, numbers, 1.0).values()
    for seed in range(101, 106):
        keep("ablation", found | {"piece": {"seed": seed}}, "c0de", tmp_path / "cifar10")
    stored = read("ablation", tmp_path / "cifar10")
    assert [(name, len(digest)) for name, digest in stored["data"].items()] == [("cifar10", 64)]
    claim = claims()["techniques-essential"]
    assert long_run(claim, "cifar10", tmp_path).rows[0].measurement.n == 5
    assert long_run(claim, "", tmp_path) is None


def test_cifar10_is_fetched_prepared_and_loaded(server, monkeypatch, empty_cache):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    fetch_data_set("cifar10", **QUICK)
    assert available("cifar10")["train_images"].shape == (100, 32, 32, 3)
    assert sorted(path.name for path in empty_cache.rglob("*") if path.is_file()) == [
        ".lock", "test_images.npy", "test_labels.npy", "train_images.npy", "train_labels.npy",
    ]  # fmt: skip
    dataset = load("cifar10", train=50, test=20, color=True)
    assert dataset.class_names[6] == "frog"
    with pytest.raises(ValueError, match="train=101: cifar10 has no more than 100 in classes of the same size"):
        load("cifar10", train=101)
    for images, labels in (
        (dataset.train_images, dataset.train_labels),
        (dataset.test_images, dataset.test_labels),
    ):
        assert np.bincount(labels).tolist() == [len(labels) // 10] * 10
        assert np.array_equal(images[:, 0, 0, 0] % 10, labels)
        assert np.all(images[:, 2, 5, 0] == 255)
        assert np.all(images[:, 2, 5, 1] == images[:, 0, 0, 1])
        assert np.all(images[:, 5, 2, 0] == images[:, 0, 0, 0])


def test_what_was_fetched_is_not_asked_for_again(server, monkeypatch):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    fetch_data_set("cifar10", **QUICK)
    fetch_data_set("cifar10", **QUICK)
    assert len(server.requests) == 1


def cut_short(path):
    path.write_bytes(path.read_bytes()[:-1])


def one_label_less(path):
    np.save(path.with_name("train_labels.npy"), np.zeros(99, np.uint8))


def other_numbers(path):
    np.save(path, np.zeros((100, 32, 32, 3), np.float16))


def no_images(path):
    np.save(path, np.zeros(100, np.uint8))


@pytest.mark.parametrize("damage", [cut_short, one_label_less, other_numbers, no_images])
def test_a_damaged_data_set_is_missed_and_fetched_anew(server, monkeypatch, empty_cache, damage):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    fetch_data_set("cifar10", **QUICK)
    damage(empty_cache / "cifar10" / "train_images.npy")
    with pytest.raises(FileNotFoundError, match="course data fetch cifar10"):
        load("cifar10")
    fetch_data_set("cifar10", **QUICK)
    assert len(load("cifar10", train=10, test=10).train_images) == 10


def test_a_pickle_that_calls_something_is_refused(tmp_path):
    calls_print = b"\x80\x02cbuiltins\nprint\n(U\x0bit ran codetR."
    assert pickle.loads(calls_print) is None  # an ordinary reader runs it
    batches = cifar_batches() | {"data_batch_3": calls_print}
    (tmp_path / "archive").write_bytes(cifar_archive(batches))
    with pytest.raises(pickle.UnpicklingError, match=r"builtins\.print"):
        cifar10.read(tmp_path / "archive")


def test_a_disk_that_fills_up_while_preparing_leaves_nothing(server, monkeypatch, empty_cache):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches(rows=100))])
    with largest_file(100_000), pytest.raises(FetchError, match=r"the disk is full.*CONVNET_COURSE_DATA"):
        fetch_data_set("cifar10", **QUICK)
    assert sorted(path.name for path in empty_cache.iterdir()) == [".lock", "downloads"]
    fetch_data_set("cifar10", **QUICK)
    assert len(server.requests) == 1  # the archive was there still


@contextlib.contextmanager
def largest_file(size):
    """Let the system refuse to write beyond ``size`` bytes a file."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def pets(unreadable):
    """An archive like that of cats and dogs: cats are wide and red in the middle, dogs high and blue."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for number in range(20):
            for kind, size, color in (("Cat", (300, 100), (200, 0, 0)), ("Dog", (100, 300), (0, 0, 200))):
                image = Image.new("L" if number == 3 else "RGB", size, "white")
                corner = ((size[0] - 100) // 2, (size[1] - 100) // 2)
                image.paste(Image.new("RGB", (100, 100), color).convert(image.mode), corner)
                image.save(content := io.BytesIO(), "JPEG", quality=95)
                whole = content.getvalue()
                cut = whole[: len(whole) * number // 20]
                archive.writestr(f"PetImages/{kind}/{number}.jpg", cut if (kind, number) in unreadable else whole)
        archive.writestr("PetImages/Cat/Thumbs.db", b"no image")
    return buffer.getvalue()


def test_cats_and_dogs_are_fetched_cut_to_squares_and_loaded(server, monkeypatch):
    serve(server, monkeypatch, cats_vs_dogs, [pets(unreadable={("Cat", 0), ("Dog", 7), ("Dog", 11)})])
    fetch_data_set("cats_vs_dogs", **QUICK)
    arrays = available("cats_vs_dogs")
    assert arrays["train_images"].shape == (30, 96, 96, 3)  # 2 · 16 less two; the test has every fifth, less one
    assert np.bincount(arrays["test_labels"]).tolist() == [3, 4]
    dataset = load("cats_vs_dogs", train=28, test=6, size=24, color=True)
    assert dataset.class_names == ("cat", "dog")
    red, green, blue = np.moveaxis(dataset.train_images.mean((1, 2)), -1, 0)
    colored = abs(red - blue) > 10
    assert np.sum(~colored) <= 2  # one cat and one dog are gray
    assert np.array_equal(blue[colored] > red[colored], dataset.train_labels[colored] == 1)
    assert green.max() < 80  # no white: the middle was cut out


def test_an_archive_with_many_unreadable_images_is_refused(server, monkeypatch, empty_cache):
    serve(server, monkeypatch, cats_vs_dogs, [pets(unreadable={("Dog", number) for number in range(4)})])
    with pytest.raises(ValueError, match="4 of 40 images cannot be read"):
        fetch_data_set("cats_vs_dogs", **QUICK)
    assert not (empty_cache / "cats_vs_dogs").exists()


def idx(array):
    header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
    return header + array.tobytes()


def clothes():
    """The contents of Fashion-MNIST's four files, with 30 and 20 images."""
    images = [random.integers(0, 256, (n, 28, 28), dtype=np.uint8) for n in (30, 20)]
    labels = [(np.arange(n) % 10).astype(np.uint8) for n in (30, 20)]
    return images, labels, [idx(array) for pair in zip(images, labels, strict=True) for array in pair]


def test_fashion_mnist_is_fetched_prepared_and_loaded(server, monkeypatch):
    images, labels, contents = clothes()
    digests = [hashlib.sha256(content).hexdigest() for content in contents]
    monkeypatch.setattr(fashion_mnist, "CONTENTS", dict(zip(fashion_mnist.CONTENTS, digests, strict=True)))
    serve(server, monkeypatch, fashion_mnist, [gzip.compress(content) for content in contents])
    fetch_data_set("fashion_mnist", **QUICK)
    dataset = load("fashion_mnist", size=28, train=30, test=20)
    for image, label in zip(dataset.train_images, dataset.train_labels, strict=True):
        (row,) = np.flatnonzero((images[0] == image[..., 0]).all((1, 2)))
        assert labels[0][row] == label
    in_color = load("fashion_mnist", size=28, train=30, test=20, color=True)
    assert np.array_equal(in_color.test_images, np.repeat(dataset.test_images, 3, axis=-1))


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda content: gzip.compress(content)[:-9], "damaged"),
        (lambda content: gzip.compress(content[:-1] + b"?"), "not those expected"),
        (lambda content: content, "damaged"),
    ],
    ids=["cut short", "changed", "not compressed"],
)
def test_a_damaged_file_of_fashion_mnist_is_named(tmp_path, damage, message):
    content = idx(np.zeros((2, 28, 28), np.uint8))
    (tmp_path / "train.gz").write_bytes(damage(content))
    with pytest.raises(ValueError, match=f"train.gz: .*{message}"):
        fashion_mnist.read_idx(tmp_path / "train.gz", hashlib.sha256(content).hexdigest())


DEBIAN = fashion_mnist.DEBIAN
needs_debian = pytest.mark.skipif(not DEBIAN.is_dir(), reason="Debian's package dataset-fashion-mnist is not installed")


@needs_debian
def test_debians_package_of_fashion_mnist_is_read_without_fetching(monkeypatch):
    monkeypatch.setattr(fashion_mnist, "DEBIAN", DEBIAN)
    arrays = available("fashion_mnist")
    assert {name: array.shape for name, array in arrays.items()} == {
        "train_images": (60_000, 28, 28, 1),
        "train_labels": (60_000,),
        "test_images": (10_000, 28, 28, 1),
        "test_labels": (10_000,),
    }
    assert np.bincount(arrays["train_labels"]).tolist() == [6000] * 10
    # The mean and standard deviation that its users normalize it by: 0.2860 and 0.3530.
    assert round(arrays["train_images"].mean() / 255, 4) == 0.2860
    assert round(arrays["train_images"].std() / 255, 4) == 0.3530
    boots = load("fashion_mnist", train=10, test=10).class_names[arrays["train_labels"][0]]
    assert boots == "ankle boot"  # the first picture of every tutorial


@needs_debian
def test_the_real_fashion_mnist_survives_being_prepared(server, monkeypatch, empty_cache):
    contents = [(DEBIAN / remote.name).read_bytes() for remote in fashion_mnist.FILES]
    serve(server, monkeypatch, fashion_mnist, contents)
    fetch_data_set("fashion_mnist", **QUICK)
    assert len(server.requests) == 4
    original = fashion_mnist.read(DEBIAN)
    for name, array in available("fashion_mnist").items():
        assert isinstance(array, np.memmap)
        assert np.array_equal(array, original[name])


def test_rows_refuse_what_is_not_a_row(tmp_path):
    with Rows(tmp_path / "rows.npy", (2, 2)) as rows, pytest.raises(ValueError, match=r"uint8 \(2, 2\)"):
        rows.append(np.zeros((2, 3), np.uint8))


def test_the_cache_folder_is_the_users_unless_it_is_set(monkeypatch, tmp_path):
    assert cache_folder() == tmp_path / "cache"
    monkeypatch.delenv("CONVNET_COURSE_DATA")
    assert cache_folder().name == "convnet-course"


def test_the_command_lists_what_is_here(server, monkeypatch):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    before = CliRunner().invoke(data, ["list"]).output
    fetch_data_set("cifar10", **QUICK)
    after = CliRunner().invoke(data, ["list"]).output
    rows = {line.split()[0]: line.split()[1] for line in after.splitlines()}
    assert "cats_vs_dogs   825 MB" in before
    assert (rows["photos"], rows["cifar10"], rows["cats_vs_dogs"]) == ("here", "here", "825")
    assert "cifar10        0 MB" in before


def test_the_command_says_why_nothing_came(server, monkeypatch):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    result = CliRunner().invoke(data, ["fetch", "cifar10"])  # outside of tests, plain HTTP is refused
    assert result.exit_code == 1
    assert result.output.startswith("Error: cifar10 could not be fetched. http://127.0.0.1")
    unknown = CliRunner().invoke(data, ["fetch", "mnist"])
    assert unknown.exit_code == 2
    assert "mnist: one of fashion_mnist, cifar10, cats_vs_dogs is needed" in unknown.output


def test_the_command_leaves_alone_what_is_here(server, monkeypatch):
    serve(server, monkeypatch, cifar10, [cifar_archive(cifar_batches())])
    fetch_data_set("cifar10", **QUICK)
    result = CliRunner().invoke(data, ["fetch", "cifar10"])
    assert (result.exit_code, len(server.requests)) == (0, 1)
    assert "on this machine already" in result.output
