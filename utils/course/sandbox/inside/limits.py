"""Takes from this process, for good, all that a function of arrays does not need.

It cannot start another process or program, open a socket, hold memory that its own address space does not count, or
ask the system for anything rare. Threads remain. Linux on x86-64 and on 64-bit ARM.
"""

import ctypes
import errno
import os
import platform
import struct

NO_NEW_PRIVILEGES, SET_FILTER, ALL_THREADS = 38, 1, 1  # PR_SET_NO_NEW_PRIVS, SECCOMP_SET_MODE_FILTER, …_FLAG_TSYNC
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050000, 0x80000000  # SECCOMP_RET_…; REFUSE takes an error number
LOAD, IS, AT_LEAST, HAS, END = 0x20, 0x15, 0x35, 0x45, 0x06  # of BPF: ld abs, jeq, jge, jset, ret
NUMBER, ARCHITECTURE, FIRST_ARGUMENT = 0, 4, 16  # offsets in struct seccomp_data
A_THREAD = 0x00010000  # CLONE_THREAD
FOREIGN = 0x40000000  # from here on, x86-64 has the numbers of another interface, x32
NEWER = 449  # this and later calls are of no use here: they count as not there
# name: (number on x86-64, on 64-bit ARM); None: there is none
REFUSED = {
    # programs and processes (clone is looked at by itself)
    "fork": (57, None), "vfork": (58, None), "execve": (59, 221), "execveat": (322, 281),
    # memory that no address space counts
    "memfd_create": (319, 279), "memfd_secret": (447, 447), "shmget": (29, 194), "shmat": (30, 196),
    "semget": (64, 190), "msgget": (68, 186), "mq_open": (240, 180), "vmsplice": (278, 75), "pipe": (22, None),
    "pipe2": (293, 59), "remap_file_pages": (216, 234), "io_uring_setup": (425, 425), "userfaultfd": (323, 282),
    # what reaches others
    "socket": (41, 198), "socketpair": (53, 199), "ptrace": (101, 117), "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271), "kcmp": (312, 272), "pidfd_open": (434, 434), "pidfd_getfd": (438, 438),
    "keyctl": (250, 219), "add_key": (248, 217), "request_key": (249, 218), "setns": (308, 268),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # what changes or watches the system
    "unshare": (272, 97), "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "chroot": (161, 51),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442), "bpf": (321, 280),
    "perf_event_open": (298, 241), "kexec_load": (246, 104), "kexec_file_load": (320, 294), "init_module": (175, 105),
    "finit_module": (313, 273), "delete_module": (176, 106), "syslog": (103, 116), "reboot": (169, 142),
    "swapon": (167, 224), "acct": (163, 89), "quotactl": (179, 60), "personality": (135, 92),
    "modify_ldt": (154, None), "fanotify_init": (300, 262), "inotify_init": (253, None), "inotify_init1": (294, 26),
    "timer_create": (222, 107), "move_pages": (279, 239), "iopl": (172, None), "ioperm": (173, None),
}  # fmt: skip
# What a kernel does with its own threads, and a function of arrays does not.
KERNEL_S = "socketpair", "pipe", "pipe2"
KERNEL_FILES = 1024  # that it may have open
# machine: (its name for the filter, column in REFUSED, and the numbers of clone, clone3 and seccomp)
MACHINES = {"x86_64": (0xC000003E, 0, 56, 435, 317), "aarch64": (0xC00000B7, 1, 220, 435, 277)}


def confine(memory, seconds):
    """Allow this process ``memory`` bytes of address space beside what it has, and ``seconds`` of a processor in all.

    ``OSError`` if the system has no filter for calls.
    """
    import resource  # there is none on Windows, which imports this file, too

    with_what_it_has = memory + _address_space()
    for limit, most in (
        (resource.RLIMIT_AS, with_what_it_has),
        (resource.RLIMIT_CPU, seconds),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 64),
    ):
        resource.setrlimit(limit, (most, most))
    _confine()


def confine_kernel():
    """The same for a notebook's kernel, which may write files. Its memory and its seconds are watched from outside."""
    import resource

    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    files = KERNEL_FILES if hard == resource.RLIM_INFINITY else min(hard, KERNEL_FILES)
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, files))
    _confine(allowed=KERNEL_S)


def _confine(allowed=()):
    import resource

    for limit in (resource.RLIMIT_CORE, resource.RLIMIT_MSGQUEUE, resource.RLIMIT_MEMLOCK):
        resource.setrlimit(limit, (0, 0))
    _refuse_calls(allowed)


def _address_space():
    """Bytes of address space in use: no /proc is there to tell, so it is found by what the system still allows."""
    import resource

    low, high = 0, 1 << 40
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype, libc.mmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, *[ctypes.c_size_t] * 5]
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    _, hard = resource.getrlimit(resource.RLIMIT_AS)
    page = resource.getpagesize()
    while high - low > 1 << 20:
        middle = (low + high) // 2
        resource.setrlimit(resource.RLIMIT_AS, (middle, hard))
        at = libc.mmap(None, page, 0, 0x22, ctypes.c_size_t(-1).value, 0)  # no access; private, of no file
        if at is not None and at != ctypes.c_void_p(-1).value:
            libc.munmap(at, page)
            high = middle
        else:
            low = middle
    return high


def _refuse_calls(allowed):
    """Have the system refuse the calls in ``REFUSED`` but those allowed, now and in all threads, for good."""
    machine, column, clone, clone3, seccomp = MACHINES[platform.machine()]
    refused = [pair[column] for name, pair in REFUSED.items() if name not in allowed and pair[column] is not None]
    program = [(LOAD, 0, 0, ARCHITECTURE), (IS, 1, 0, machine), (END, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    if column == 0:
        program += [(AT_LEAST, 0, 1, FOREIGN), (END, 0, 0, KILL)]
    for number in refused:
        program += [(IS, 0, 1, number), (END, 0, 0, REFUSE | errno.EPERM)]
    program += [(IS, 0, 1, clone3), (END, 0, 0, REFUSE | errno.ENOSYS)]  # its arguments cannot be looked at
    program += [(AT_LEAST, 0, 1, NEWER), (END, 0, 0, REFUSE | errno.ENOSYS)]
    program += [(IS, 0, 3, clone), (LOAD, 0, 0, FIRST_ARGUMENT), (HAS, 1, 0, A_THREAD)]
    program += [(END, 0, 0, REFUSE | errno.EPERM), (END, 0, 0, ALLOW)]
    instructions = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *each) for each in program))
    filter_of_calls = struct.pack("@HP", len(program), ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0) or libc.syscall(seccomp, SET_FILTER, ALL_THREADS, filter_of_calls):
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
