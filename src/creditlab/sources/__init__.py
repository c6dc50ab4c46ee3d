"""Read a delivery as it was delivered; nothing here cleans or judges."""

from creditlab.sources.delivered import (
    AbsentFileError,
    Batch,
    Content,
    Stamp,
    UnreadableFileError,
    locate,
    look,
    read_batches,
    read_whole,
    stamp,
)
from creditlab.sources.manifest import MANIFEST_FILE, ManifestRow, read_manifest

__all__ = [
    "MANIFEST_FILE",
    "AbsentFileError",
    "Batch",
    "Content",
    "ManifestRow",
    "Stamp",
    "UnreadableFileError",
    "locate",
    "look",
    "read_batches",
    "read_manifest",
    "read_whole",
    "stamp",
]
