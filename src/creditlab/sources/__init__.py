"""Read a delivery as it was delivered; nothing here cleans or judges."""

from creditlab.sources.delivered import Delivered, read_delivered
from creditlab.sources.manifest import ManifestRow, read_manifest

__all__ = ["Delivered", "ManifestRow", "read_delivered", "read_manifest"]
