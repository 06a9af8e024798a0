"""What the built program starts: the same as the command `lacuna`."""

import multiprocessing
import sys

from lacuna.__main__ import main

if __name__ == "__main__":
    multiprocessing.freeze_support()  # the processes of a batch are this program, too, called by other words
    sys.exit(main())
