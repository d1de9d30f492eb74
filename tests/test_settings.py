"""The first import of Keras after utils finds the process prepared; importing utils alone changes nothing."""

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest
from jupyterlab.commands import get_static_page_config

import utils

# A page of 4096 bytes that the process did not have is a fault: 64 MB are 16384 of them.
TWENTY_TENSORS = """import resource, threading
def tensors():
    for _ in range(20):
        b"x" * 64_000_000
def faults():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    tensors()
    thread = threading.Thread(target=tensors)
    thread.start()
    thread.join()
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before
tensors()
print(faults())"""

# What an import of Keras does first, without the seconds that the import takes.
KERAS_IS_LOOKED_FOR = "import importlib.util, utils; importlib.util.find_spec('keras')\n"


def python(program, home=None, **variables):
    """What a fresh Python prints to its standard output, and to its standard error."""
    ours = ("MALLOC_", "GLIBC_", "MPL", "KERAS_", *utils.SETTINGS)
    env = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    env |= {"HOME": str(home)} if home else {}
    env.pop("XDG_CACHE_HOME", None)
    done = subprocess.run([sys.executable, "-c", program], env=env | variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip(), done.stderr


def faults(before, **variables):
    return int(python(before + TWENTY_TENSORS, **variables)[0])


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's memory")
def test_freed_memory_is_handed_out_again():
    assert faults("") > 20 * 15_000
    assert faults("import utils\n") > 20 * 15_000
    assert faults(KERAS_IS_LOOKED_FOR) < 1_000
    assert faults(KERAS_IS_LOOKED_FOR, GLIBC_TUNABLES="glibc.malloc.arena_max=8") > 20 * 15_000


def test_what_the_environment_says_holds_except_for_the_backend():
    says = "import os; print([os.environ[name] for name in utils.SETTINGS])"
    assert python(KERAS_IS_LOOKED_FOR + says)[0] == str(list(utils.SETTINGS.values()))
    mine = dict.fromkeys(utils.SETTINGS, "mine")
    backend = {"KERAS_BACKEND": "tensorflow"}
    assert python(KERAS_IS_LOOKED_FOR + says, **mine)[0] == str(list((mine | backend).values()))


@pytest.mark.parametrize(
    "importing",
    ["utils", "utils.questions", "utils.course.commands.main", "utils.course.commands.grade", "utils.course.students"],
)
def test_grading_and_commands_leave_the_process_as_it_is(importing):
    program = f"import os; before = dict(os.environ)\nimport {importing}, utils, sys\n"
    program += "print(os.environ == before, utils._Preparation in sys.meta_path)"
    assert python(program)[0] == "True True"


def test_keras_computes_as_the_course_is_written_whatever_the_user_has_set(tmp_path):
    (tmp_path / ".keras").mkdir()
    settings = {"floatx": "float16", "epsilon": 0.1, "image_data_format": "channels_first", "backend": "torch"}
    (tmp_path / ".keras/keras.json").write_text(json.dumps(settings))
    program = "import utils, keras; from keras import config as c\n"
    program += "print(c.floatx(), c.epsilon(), c.image_data_format(), c.backend())"
    assert python(program, tmp_path, KERAS_BACKEND="jax") == ("float32 1e-07 channels_last tensorflow", "")
    assert json.loads((tmp_path / ".keras/keras.json").read_text()) == settings


@pytest.mark.parametrize(
    ("text", "differs"),
    [
        (None, False),
        ("{}", False),
        (json.dumps(utils.KERAS_JSON | {"backend": "jax"}), False),
        ('{"floatx": "float64"}', True),
        ("{", True),
        ("[]", True),
    ],
)
def test_settings_of_keras_that_do_no_harm_are_left_alone(text, differs, tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    if text is not None:
        (tmp_path / "keras.json").write_text(text)
    assert utils._keras_json_differs() == differs


def test_without_a_home_matplotlib_has_a_folder_and_says_nothing(tmp_path):
    program = "import utils, matplotlib as m; print(m.get_configdir())"
    temporary = f"{tmp_path}/convnet-course-cache-{os.getuid()}"
    assert python(program, "/dev/null/nobody", TMPDIR=str(tmp_path)) == (f"{temporary}/matplotlib", "")
    os.chmod(temporary, 0o777)  # somebody else could write there
    folder, _ = python(program, "/dev/null/nobody", TMPDIR=str(tmp_path))
    assert folder.startswith(f"{tmp_path}/convnet-course-cache-")
    assert not folder.startswith(f"{temporary}/")
    assert python(program, tmp_path) == (f"{tmp_path}/.cache/convnet-course/matplotlib", "")


def test_jupyterlab_shows_no_buttons_of_the_package_that_merges_notebooks():
    extensions = Path(sys.prefix, "share/jupyter/labextensions")
    assert (extensions / "nbdime-jupyterlab").is_dir()
    assert "nbdime-jupyterlab" in get_static_page_config(level="all")["disabledExtensions"]
