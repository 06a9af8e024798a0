"""What the built program starts: the same as the command `lacuna`."""

import sys

from lacuna.__main__ import main

if __name__ == "__main__":
    sys.exit(main())
