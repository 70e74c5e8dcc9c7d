"""The command ``ennead``, as ``python -m ennead``."""

import signal
import sys

from . import _ennead


def main() -> int:
    """Run the command line of this process and give the exit code."""
    # The command dies of Ctrl-C like any other command; nobody looks for Python's signals while it runs.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return _ennead.main(["ennead", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
