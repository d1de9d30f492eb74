"""Serves the cells of one notebook: a kernel like any other, except for what it cannot do.

Started as ``python -I kernel.py NUMBER=DESCRIPTOR,… ARGUMENTS``. Its sockets were opened outside and handed in, by
their numbers in the connection file: it makes none, and shares no folder with the outside.
"""

import errno
import os
import shutil
import sys

GIVEN, OWN = "/connection.json", "/tmp/connection.json"  # a kernel may write into its own


def main():
    sockets, *arguments = sys.argv[1:]
    sys.path.insert(0, os.path.dirname(__file__))
    import limits

    del sys.path[0]
    limits.confine_kernel()
    _take_sockets(dict(each.split("=") for each in sockets.split(",")))
    shutil.copyfile(GIVEN, OWN)
    os.environ["JPY_PARENT_PID"] = "1"  # it was not typed by hand: it says nothing of how to reach it
    sys.argv = ["kernel", "-f", OWN, *arguments]
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


def _take_sockets(descriptors):
    """From now on ZeroMQ listens at the sockets that were handed in, and looks for no other."""
    import zmq

    bind, connect = zmq.Socket.bind, zmq.Socket.connect

    def bind_given(socket, address):
        if address.startswith("tcp:"):  # what other processes would print: there are none
            raise zmq.ZMQError(errno.EADDRNOTAVAIL)
        if address.startswith("ipc:"):
            socket.setsockopt(zmq.USE_FD, int(descriptors[address.rpartition("-")[2]]))
        return bind(socket, address)

    def connect_inside(socket, address):
        """A debugger's socket would look for a file for ever that is not in here."""
        scheme = address[:4]
        return None if scheme in ("ipc:", b"ipc:") else connect(socket, address)

    zmq.Socket.bind, zmq.Socket.connect = bind_given, connect_inside


if __name__ == "__main__":
    main()
