"""`python -m creditlab` is the command `creditlab`."""

from creditlab.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
