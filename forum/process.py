"""A child process that does not outlive its parent."""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1
"""prctl(2), from linux/prctl.h."""


def die_with_parent(parent: int) -> None:
    """Have the kernel end this process when its parent dies, however that happens.

    To be called in the child, between fork and exec or after. On systems other than Linux it does
    nothing: there a parent that is killed leaves its children to be ended by hand.

    Args:
        parent: The parent's process id: it may have died before the call.
    """
    if not sys.platform.startswith("linux"):
        return
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os.kill(os.getpid(), signal.SIGKILL)
