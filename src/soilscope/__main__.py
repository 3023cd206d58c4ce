"""Run the command line as ``python -m soilscope``."""

import sys

from soilscope.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
