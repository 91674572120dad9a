# SPDX-License-Identifier: GPL-2.0
"""Builds of the module for tests alone."""

import subprocess

from . import ktap


def variant(kernel, name, *flags):
    """The module file of a build with these flags for the compiler."""
    subprocess.run(
        ["make", "--no-print-directory", "-s", f"module-{kernel}", f"NAME={name}", f"XHA_CFLAGS={' '.join(flags)}"],
        cwd=ktap.TOP, check=True, stdout=subprocess.DEVNULL)
    return ktap.BUILD / name / "xfrm_ha.ko"
