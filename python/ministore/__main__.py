"""The command line program `ministore`, as `ministore` and as `python -m ministore`."""

import sys

from ministore._handles import command


def main() -> int:
    """Run the program with the arguments of this process; its exit code."""
    return command(["ministore", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
