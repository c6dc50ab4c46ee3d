"""The lake's books, checked: files, seals, runs, deliveries, rows and entries against each other."""

from creditlab.books.result import Difference, Verification, as_lines, as_result
from creditlab.books.verification import verify_lake

__all__ = ["Difference", "Verification", "as_lines", "as_result", "verify_lake"]
