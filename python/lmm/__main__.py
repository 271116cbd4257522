"""``python -m lmm`` is the command ``lmm``."""

import sys

from lmm.cli import main

if __name__ == "__main__":
    sys.exit(main())
