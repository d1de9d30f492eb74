"""From "restart kernel" to the first Keras result: an ordinary kernel ÷ a warm one; and the memory of one more."""

import os
import time

import numpy as np
import psutil
from jupyter_client.manager import KernelManager

from tests.benchmarks.measuring import row
from utils.course.warm_kernels.provisioner import KERNEL, WarmKernel, start_parent

ORDINARY = "python3"
FIRST_RESULTS = {
    "Keras alone": (
        "import keras, numpy as np\n"
        "network = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(4, 3)])\n"
        "assert network.predict(np.ones((1, 8, 8, 1)), verbose=0).shape == (1, 6, 6, 4)"
    ),
    "a notebook's imports": (
        "import numpy as np\n"
        "from utils.claims import over_seeds, verdict\n"
        "from utils.explorers.blocks import block_explorer\n"
        "from utils.figures.residual_connections import draw_race\n"
        "from utils.residual_connections import three_block_network\n"
        "assert three_block_network().predict(np.ones((1, 32, 32, 3)), verbose=0).shape == (1, 1)"
    ),
}
MOST_MEGABYTES = 250


def benchmarks(runs=5):
    """Interleaved: in each run one kernel of each kind is restarted and asked at once."""
    assert start_parent(wait=120), "there are no warm kernels here"
    for what, code in FIRST_RESULTS.items():
        seconds, megabytes = {KERNEL: [], ORDINARY: []}, []
        for _ in range(runs):
            for name, taken in seconds.items():
                taken.append(restart(name, code, megabytes))
        yield row(f"restart to the first result, {what}", *map(np.array, seconds.values()), target=8)
    ratios = MOST_MEGABYTES / np.array(megabytes)
    name = f"{MOST_MEGABYTES} MB ÷ what a further kernel takes ({np.median(megabytes):.0f} MB, USS, after that result)"
    yield {"name": name, "ratio": float(np.median(ratios)), "target": 1, "runs": ratios.tolist()}


def restart(name, code, megabytes):
    """Seconds from the restart of a kernel of that name to the result of ``code``."""
    manager = KernelManager(kernel_name=name)
    manager.start_kernel(env=dict(os.environ), extra_arguments=["--IPKernelApp.log_level=40"])
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        start = time.perf_counter()
        manager.restart_kernel(now=True)
        reply = client.execute(code, reply=True, timeout=120)
        taken = time.perf_counter() - start
        assert reply["content"]["status"] == "ok", reply["content"]
        assert isinstance(manager.provisioner.process, WarmKernel) == (name == KERNEL)
        if name == KERNEL:
            megabytes.append(psutil.Process(manager.provisioner.pid).memory_full_info().uss / 1e6)
    finally:
        client.stop_channels()
        manager.shutdown_kernel(now=True)
    return taken
