"""A synthetic province, always marked so: what the samples, the tests and the benchmarks run on."""

from creditlab.synth.deliveries import FileFormat
from creditlab.synth.lake import write_lake
from creditlab.synth.next_day import AddedDay, add_day
from creditlab.synth.parameters import PRESETS, Parameters, load_parameters
from creditlab.synth.workspace import write_workspace

__all__ = [
    "PRESETS",
    "AddedDay",
    "FileFormat",
    "Parameters",
    "add_day",
    "load_parameters",
    "write_lake",
    "write_workspace",
]
