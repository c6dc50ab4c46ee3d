"""The command line: the contract that scripts rely on, and the only code that knows today's date.

One module a group of commands; each adds its own to the parser. Results go to standard output, everything else to
standard error; `--json` prints one JSON object there and nothing else. Heavy libraries are imported by the command
that needs them.
"""

from creditlab.cli.main import main

__all__ = ["main"]
