"""Copy one file in a process of its own: SOURCE -> TARGET, synced and read-only. Exit 28 means the disk is full."""

import errno
import os
import shutil
import sys


def main(source: str, target: str) -> int:
    """Return the exit status; the reason goes to stderr."""
    try:
        shutil.copyfile(source, target)
        handle = os.open(target, os.O_RDONLY)
        os.fsync(handle)
        os.fchmod(handle, 0o444)
    except OSError as error:
        sys.stderr.write(error.strerror or str(error))
        return 28 if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG) else 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
