"""Kills, several writers and full disks: what they share with the tests of `tests/spec`."""
