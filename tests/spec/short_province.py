"""Three months of the synthetic province rather than eighteen, so that there are few files."""

from __future__ import annotations

from pathlib import Path

from creditlab.synth import Parameters, load_parameters

_SHORTER = {
    "first_day = 2025-04-01": "first_day = 2026-06-01",
    "last_day = 2026-09-30": "last_day = 2026-08-31",
    "last_delivery = 2026-10-31": "last_delivery = 2026-09-15",
    'from_month = "2026-01"': 'from_month = "2026-07"',
    'from_month = "2026-04"': 'from_month = "2026-08"',
}


def short_parameters(folder: Path, records: int, seed: int) -> Parameters:
    """Parameters of a short province; their file is written into a folder."""
    text = load_parameters().text
    for before, after in _SHORTER.items():
        assert before in text
        text = text.replace(before, after)
    path = folder / "province.toml"
    path.write_text(text, encoding="utf-8")
    return load_parameters(path, records=records, seed=seed)
