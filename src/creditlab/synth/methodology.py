"""Write the sample methodology, approved by nobody: its weights are our own, and it says so."""

from __future__ import annotations

from datetime import date
from importlib import resources
from pathlib import Path

from creditlab.assessment import Approval, parse_methodology, seal_text

_NAME = "sample"
_APPROVAL = Approval("nobody (synthetic sample)", "SYNTHETIC 2024-1", date(2024, 12, 20))


def write_methodology(folder: Path) -> None:
    """Write the sample methodology with its seal; files of the same names are replaced."""
    text = (resources.files("creditlab.synth") / "data" / "methodology.toml").read_text(encoding="utf-8")
    folder.mkdir(parents=True, exist_ok=True)
    seal = seal_text(parse_methodology(_NAME, text).digest, _APPROVAL)
    for name, content in ((f"{_NAME}.toml", text), (f"{_NAME}.seal.toml", seal)):
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
