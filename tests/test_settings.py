"""Importing utils sets TensorFlow's arithmetic and the process's memory, unless the environment says otherwise."""

import os
import platform
import subprocess
import sys

import pytest

import utils

# A page of 4096 bytes that the process did not have is a fault: 64 MB are 16384 of them.
TWENTY_TENSORS = """import resource, threading
import {module}
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


def faults(module, **variables):
    env = {name: value for name, value in os.environ.items() if not name.startswith(("MALLOC_", "GLIBC_"))}
    program = [sys.executable, "-c", TWENTY_TENSORS.format(module=module)]
    return int(subprocess.run(program, env=env | variables, capture_output=True, text=True, check=True).stdout)


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="glibc's memory")
def test_freed_memory_is_handed_out_again():
    assert faults("os") > 20 * 15_000
    assert faults("utils") < 1_000
    assert faults("utils", GLIBC_TUNABLES="glibc.malloc.arena_max=8") > 20 * 15_000


@pytest.mark.parametrize("name", utils.SETTINGS)
def test_what_the_environment_says_holds(name):
    program = [sys.executable, "-c", f"import os, utils; print(os.environ['{name}'])"]
    env = {key: value for key, value in os.environ.items() if key != name}
    said = subprocess.run(program, env=env, capture_output=True, text=True, check=True).stdout
    assert said.strip() == utils.SETTINGS[name]
    said = subprocess.run(program, env=env | {name: "mine"}, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "mine"
