"""Read a delivery as it was delivered; nothing here cleans or judges."""

from creditlab.sources.delivered import (
    AbsentFileError,
    Batch,
    Content,
    UnreadableFileError,
    locate,
    look,
    read_batches,
    read_whole,
)
from creditlab.sources.manifest import ManifestRow, read_manifest

__all__ = [
    "AbsentFileError",
    "Batch",
    "Content",
    "ManifestRow",
    "UnreadableFileError",
    "locate",
    "look",
    "read_batches",
    "read_manifest",
    "read_whole",
]
