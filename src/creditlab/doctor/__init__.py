"""Look an installation and a workspace over: what is missing, open to others or out of date, and what to do.

It says counts, names of its own parts and what to do, never a value, an identifier or a file's content.
"""

from creditlab.doctor.check import Check, Status, examine

__all__ = ["Check", "Status", "examine"]
