"""One photograph: the bundled ones, and files of one's own of every kind, whole, damaged and misnamed."""

import contextlib
import io
import os
import struct
import tempfile
import unicodedata
import zlib

import numpy as np
import pytest
from PIL import Image, ImageOps, TiffImagePlugin

from utils.photographs import TURNS, open_photograph, photograph, photographs


def test_the_bundled_photographs_are_those_of_scikit_image():
    from skimage import data as skimage_data

    assert np.array_equal(photograph("chelsea"), skimage_data.chelsea())
    assert np.array_equal(photograph("gravel")[..., 0], skimage_data.gravel())
    assert photograph("camera").shape == (512, 512, 1)
    assert {photograph(name).dtype for name in photographs()} == {np.dtype("uint8")}
    with pytest.raises(ValueError, match=r"photograph 'dog': one of astronaut, chelsea, .*, gravel is needed"):
        photograph("dog")


def test_a_photograph_may_be_changed_without_changing_the_next():
    photograph()[:] = 0
    assert photograph().mean() > 50


def png(width, height, content=b""):
    """A PNG file that claims to be so large."""

    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b"")


def encoded(image, format, **options):
    image.save(buffer := io.BytesIO(), format, **options)
    return buffer.getvalue()


def test_a_large_photograph_is_shrunk_and_looks_the_same(tmp_path):
    chelsea = Image.fromarray(photograph())
    (tmp_path / "cat.jpg").write_bytes(encoded(chelsea.resize((4000, 3000)), "JPEG"))
    pixels = open_photograph(tmp_path / "cat.jpg")
    assert (pixels.shape, pixels.dtype) == ((768, 1024, 3), np.uint8)
    expected = np.asarray(chelsea.resize((1024, 768))).astype(float)
    assert abs(pixels - expected).mean() < 4


def test_a_photograph_is_turned_as_the_camera_was_held(tmp_path):
    scene = np.zeros((40, 60, 3), np.uint8)
    scene[:20] = (250, 0, 0)  # the sky is red
    held = Image.fromarray(np.rot90(scene))  # the camera was turned: 6 says "turn me clockwise"
    exif = held.getexif()
    exif[0x0112] = 6
    (tmp_path / "held.jpg").write_bytes(encoded(held, "JPEG", exif=exif, quality=95))
    pixels = open_photograph(tmp_path / "held.jpg")
    assert pixels.shape == (40, 60, 3)
    assert abs(pixels.astype(int) - scene).mean() < 4


def palette(index, **options):
    image = Image.new("P", (9, 7), index)
    image.putpalette([250, 0, 0, 0, 250, 0] + [0] * 762)
    return image


STEPS = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64) * 16


@pytest.mark.parametrize(
    ("content", "shape", "first", "last"),
    [
        (encoded(Image.new("RGB", (1, 1), (1, 2, 3)), "PNG"), (1, 1, 3), (1, 2, 3), (1, 2, 3)),
        (encoded(Image.new("L", (5, 4), 7), "PNG"), (4, 5, 3), (7, 7, 7), (7, 7, 7)),
        (encoded(Image.new("1", (5, 4), 1), "PNG"), (4, 5, 3), (255,) * 3, (255,) * 3),
        (encoded(Image.new("RGBA", (5, 4), (250, 0, 0, 0)), "PNG"), (4, 5, 3), (255,) * 3, (255,) * 3),
        (encoded(Image.new("RGBA", (5, 4), (0, 0, 0, 128)), "PNG"), (4, 5, 3), (127,) * 3, (127,) * 3),
        (encoded(Image.new("LA", (5, 4), (0, 0)), "PNG"), (4, 5, 3), (255,) * 3, (255,) * 3),
        (encoded(palette(1), "PNG"), (7, 9, 3), (0, 250, 0), (0, 250, 0)),
        (encoded(palette(1), "PNG", transparency=1), (7, 9, 3), (255,) * 3, (255,) * 3),
        (encoded(palette(0), "GIF", save_all=True, append_images=[palette(1)]), (7, 9, 3), (250, 0, 0), (250, 0, 0)),
        (encoded(Image.fromarray(STEPS), "PNG"), (64, 64, 3), (0,) * 3, (255,) * 3),
        (encoded(Image.fromarray(STEPS), "TIFF"), (64, 64, 3), (0,) * 3, (255,) * 3),
        (encoded(Image.new("CMYK", (5, 4), (0, 0, 0, 0)), "JPEG"), (4, 5, 3), (255,) * 3, (255,) * 3),
    ],
    ids=[
        "1×1", "gray", "black and white", "transparent", "half transparent black", "transparent gray", "palette",
        "transparent palette", "animation", "16 bits", "16 bits TIFF", "CMYK",
    ],
)  # fmt: skip
def test_every_kind_of_image_becomes_rgb(tmp_path, content, shape, first, last):
    (tmp_path / "image").write_bytes(content)
    pixels = open_photograph(str(tmp_path / "image"))
    assert (pixels.shape, pixels.dtype) == (shape, np.uint8)
    assert np.allclose(pixels[0, 0], first, atol=1)
    assert np.allclose(pixels[-1, -1], last, atol=1)


def test_sixteen_bits_are_scaled_and_not_clipped(tmp_path):
    Image.fromarray(STEPS).save(tmp_path / "steps.png")
    assert abs(open_photograph(tmp_path / "steps.png")[..., 0].astype(float) - STEPS / 65535 * 255).max() <= 1


CHELSEA = Image.fromarray(photograph())


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"Dear diary, today", r"no image, whatever its name says \(it starts with b'Dear diary, '\); JPEG, PNG"),
        (b"", "the file is empty"),
        (b"\0\0\0\x18ftypheic" + bytes(40), "HEIC images cannot be read; export it as JPEG"),
        (encoded(CHELSEA, "JPEG")[:9000], "damaged or cut short"),
        (encoded(CHELSEA, "PNG")[:9000], "damaged or cut short"),
        (encoded(CHELSEA, "GIF")[:9000], "damaged or cut short"),
        (encoded(CHELSEA, "WEBP")[:9000], "damaged or cut short"),
        (png(50_000, 50_000), "at most 80,000,000 pixels are allowed"),
        (png(10_000, 8_001), "at most 80,000,000 pixels are allowed"),
        (encoded(Image.fromarray(np.full((3, 3), 0.5, "float32")), "TIFF"), "its pixels are float32 numbers"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no image"),
    ],
    ids=["text", "empty", "HEIC", "JPEG", "PNG", "GIF", "WEBP", "bomb", "just too large", "float", "a program"],
)
def test_what_is_no_whole_image_is_refused_by_name(tmp_path, content, message):
    (tmp_path / "holiday.jpg").write_bytes(content)
    with pytest.raises(ValueError, match=rf"holiday\.jpg: .*{message}"):
        open_photograph(tmp_path / "holiday.jpg")


def test_any_damage_gives_an_image_or_a_value_error(tmp_path):
    random = np.random.default_rng(0)
    small = CHELSEA.resize((60, 40))
    for format in ("JPEG", "PNG", "GIF", "WEBP", "BMP", "AVIF"):
        whole = encoded(small, format)
        for _ in range(40):
            damaged = bytearray(whole)
            for place in random.integers(0, min(300, len(whole)), 4):
                damaged[place] = random.integers(256)
            (tmp_path / "damaged").write_bytes(damaged)
            with contextlib.suppress(ValueError):
                assert open_photograph(tmp_path / "damaged").dtype == np.uint8


def test_a_path_that_leads_nowhere_is_answered_with_where_it_was_looked_for(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(
        FileNotFoundError, match=f"holiday.jpg: there is no such file; the path is taken from {tmp_path}"
    ):
        open_photograph("holiday.jpg")
    with pytest.raises(ValueError, match="this is a folder"):
        open_photograph(tmp_path)
    with pytest.raises(ValueError, match="path='': the path of an image file is needed"):
        open_photograph("")


def test_a_file_that_may_not_be_read_is_named():
    user = os.geteuid()
    with tempfile.NamedTemporaryFile(suffix="locked.png") as locked:
        os.chmod(locked.name, 0)
        try:
            if user == 0:
                os.seteuid(65534)  # root reads everything: be nobody for a while
            with pytest.raises(PermissionError, match=r"locked\.png: you may not read this file"):
                open_photograph(locked.name)
        finally:
            os.seteuid(user)


@pytest.mark.parametrize("format", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_each_of_the_eight_turns_is_pillows(tmp_path, format, orientation):
    scene = Image.fromarray(photograph()[:40, :64])
    exif = Image.Exif()
    exif[0x0112] = orientation
    (tmp_path / "held").write_bytes(content := encoded(scene, format, exif=exif))
    with Image.open(io.BytesIO(content)) as image:
        expected = np.asarray(ImageOps.exif_transpose(image).convert("RGB"))
    assert np.array_equal(open_photograph(tmp_path / "held"), expected)
    assert (expected.shape[0] == 64) == (orientation > 4)
    assert set(TURNS) == set(range(2, 9))


def test_a_photograph_whose_exif_data_holds_a_tag_of_a_wrong_type_is_turned_all_the_same(tmp_path):
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = 6, "maker", "2020:01:01 00:00:00"
    order = "<" if b"II" in exif.tobytes() else ">"
    text, ratios = struct.pack(f"{order}HHI", 0x010F, 2, 6), struct.pack(f"{order}HHI", 0x010F, 5, 1)
    content = encoded(CHELSEA, "JPEG", exif=exif.tobytes().replace(text, ratios))
    assert ratios in content
    with Image.open(io.BytesIO(content)) as image, pytest.raises(AttributeError):
        ImageOps.exif_transpose(image)
    (tmp_path / "held.jpg").write_bytes(content)
    assert open_photograph(tmp_path / "held.jpg").shape == (CHELSEA.width, CHELSEA.height, 3)


def test_an_unreadable_orientation_is_said_and_the_photograph_shown(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 9
    (tmp_path / "held.jpg").write_bytes(encoded(CHELSEA, "JPEG", exif=exif))
    said = []
    pixels = open_photograph(tmp_path / "held.jpg", tell=said.append)
    assert pixels.shape == (CHELSEA.height, CHELSEA.width, 3)
    assert ["orientation 9" in each and "shown unturned" in each for each in said] == [True]


@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"quality": 95, "subsampling": 0}])
@pytest.mark.parametrize("lacking", [1, 2, 40])
def test_a_jpeg_that_lacks_its_last_bytes_is_shown_and_said(tmp_path, options, lacking):
    whole = encoded(CHELSEA, "JPEG", **options)
    (tmp_path / "cat.jpg").write_bytes(whole)
    expected = open_photograph(tmp_path / "cat.jpg", tell=pytest.fail).astype(int)
    (tmp_path / "cat.jpg").write_bytes(whole[:-lacking])
    said = []
    pixels = open_photograph(tmp_path / "cat.jpg", tell=said.append)
    assert np.array_equal(pixels[:-16], expected[:-16]) or options.get("progressive")
    assert abs(pixels - expected).mean() < 4
    assert all("cat.jpg: the file lacks its end; missing is " in each for each in said)
    assert said or lacking < 3  # a missing end mark alone changes nothing


def test_the_rows_that_a_cut_jpeg_lacks_are_counted(tmp_path):
    whole = encoded(CHELSEA, "JPEG", quality=95)
    (tmp_path / "cat.jpg").write_bytes(whole[: round(0.93 * len(whole))])
    said = []
    pixels = open_photograph(tmp_path / "cat.jpg", tell=said.append)
    share = np.mean([(row == 128).all() for row in pixels])
    assert 0.01 < share < 0.2
    assert f"the lowest {share:.0%} of the picture" in said[0]


def tiff(pixels, **tags):
    """A gray TIFF with these tags in place of Pillow's own."""
    info = TiffImagePlugin.ImageFileDirectory_v2()
    for name, value in tags.items():
        info[getattr(TiffImagePlugin, name, None) or int(name[3:])] = value
    return encoded(Image.fromarray(pixels), "TIFF", tiffinfo=info)


def retagged(content, tag, value):
    """A little-endian TIFF with the number of a tag of one SHORT changed."""
    place = content.index(struct.pack("<HHI", tag, 3, 1))
    return content[: place + 8] + struct.pack("<H", value) + content[place + 10 :]


RAMP = np.linspace(0, 1, 64)[None].repeat(8, axis=0)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (tiff((RAMP * 65535).astype("uint16")), None),
        (retagged(tiff((65535 - RAMP * 65535).astype("uint16")), 262, 0), None),  # white is zero
        (tiff((RAMP * 4095).astype("uint16"), tag281=4095), None),
        (tiff((RAMP * 4095).astype("uint16")), "its highest number is 4095; shown as if 4095 were"),
        (tiff((RAMP * 255).astype("int32")), "its highest number is 255; shown as if 255 were"),
        (tiff((RAMP * 65535).astype("int32")), None),
        (tiff((RAMP * 4095).astype("int32")), "its highest number is 4095; shown as if 4095 were"),
    ],
    ids=["16 bits", "white is zero", "12 in 16, said", "12 in 16", "8 in 32", "16 in 32", "12 in 32"],
)
def test_gray_tiffs_of_many_bits_are_neither_black_nor_negative(tmp_path, content, said):
    (tmp_path / "cells.tif").write_bytes(content)
    told = []
    pixels = open_photograph(tmp_path / "cells.tif", tell=told.append)
    assert abs(pixels[..., 0] - 255 * RAMP).max() <= 1.01
    assert len(told) == (said is not None)
    assert said is None or said in told[0]


def test_twelve_bits_that_a_tiff_declares_are_scaled(tmp_path):
    values = (RAMP * 4095).astype(int).reshape(-1, 2)
    packed = np.stack([values[:, 0] >> 4, (values[:, 0] & 15) << 4 | values[:, 1] >> 8, values[:, 1] & 255], axis=1)
    data = packed.astype("uint8").tobytes()
    tags = {256: 64, 257: 8, 258: 12, 259: 1, 262: 1, 273: 8 + 2 + 9 * 12 + 4, 277: 1, 278: 8, 279: len(data)}
    entries = b"".join(struct.pack("<HHIHxx", tag, 3, 1, value) for tag, value in tags.items())
    content = b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + bytes(4) + data
    (tmp_path / "cells.tif").write_bytes(content)
    assert abs(open_photograph(tmp_path / "cells.tif", tell=pytest.fail)[..., 0] - 255 * RAMP).max() <= 1.01


# Paths


@pytest.fixture
def named(tmp_path):
    folder = tmp_path / unicodedata.normalize("NFD", "Fotos für mich")
    folder.mkdir()
    path = folder / unicodedata.normalize("NFD", "Kätzchen, 100% müde.png")
    CHELSEA.resize((9, 6)).save(path)
    return path


@pytest.mark.parametrize(
    "pasted",
    [
        lambda path: f'"{path}"',
        lambda path: f"'{path}'",
        lambda path: f"„{path}“",
        lambda path: f"  {path}\n",
        lambda path: f"\u202a{path}",  # as copied from the properties of a file on Windows
        lambda path: path.as_uri(),
        lambda path: path.as_uri().replace("file://", "file://localhost"),
        lambda path: f" '{path.as_uri()}'\n",
        lambda path: str(path).replace(" ", "\\ ").replace(",", "\\,"),
        lambda path: unicodedata.normalize("NFC", str(path)),
        lambda path: f'"{unicodedata.normalize("NFC", str(path))}"',
        lambda path: path,
    ],
)
def test_a_path_is_read_as_it_was_pasted(named, pasted):
    assert open_photograph(pasted(named)).shape == (6, 9, 3)


def test_a_path_is_taken_as_it_stands_where_that_leads_somewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for number, name in enumerate(["'quoted'", "a\\ b", "file:x", "a b"]):
        Image.new("RGB", (number + 1, 1)).save(tmp_path / name, "PNG")
        assert open_photograph(name).shape == (1, number + 1, 3)
    (tmp_path / "'quoted'").unlink()
    assert open_photograph("~/none.png".replace("~/none.png", "a\\ b")).shape == (1, 2, 3)


@pytest.mark.parametrize(
    ("path", "sentence"),
    [
        ("cat\u00a0dog.png", "it holds U\\+00A0 no-break space"),
        ("cat\u200b/dog.png", "it holds U\\+200B zero width space"),
        ("cat\n.png", "it holds U\\+000A a control character"),
        ("cat\0.png", "it holds U\\+0000 a control character"),
        ("cat.png ", "it holds a blank at its beginning or end"),
    ],
)
def test_signs_that_one_does_not_see_are_named(path, sentence):
    with pytest.raises(FileNotFoundError, match=sentence):
        open_photograph(path)


@pytest.mark.parametrize("path", [None, 3, True, "", " \n", b"cat.png"])
def test_what_is_no_path_is_refused_in_a_sentence(path):
    with pytest.raises(ValueError, match="the path of an image file is needed"):
        open_photograph(path)


def test_a_pipe_and_a_device_are_refused_and_never_opened(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "pipe.png", "/dev/zero"):
        with pytest.raises(ValueError, match="this is a pipe or a device"):
            open_photograph(path)
