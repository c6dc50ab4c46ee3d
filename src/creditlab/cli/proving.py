"""Prove what was published: nothing changed, everything comes out again, and where a figure comes from."""

from __future__ import annotations

import argparse
import os
import pwd
from dataclasses import asdict
from getpass import getpass
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.cli.answer import Answer, Commands, now, opened
from creditlab.errors import ExitStatus

if TYPE_CHECKING:
    from creditlab.reports.proof import Proof


def register(command: Commands) -> None:
    """Add the commands to the parser."""
    for name, run, text in (
        ("verify", _verify, "check that nothing of a published folder was changed"),
        ("reproduce", _reproduce, "compute a published folder again and compare every figure"),
        ("sign", _sign, "sign a published folder's next step with your own key"),
        ("explain", _explain, "say what a published figure means and where it comes from"),
    ):
        added = command(name, run, text)
        added.add_argument("folder", type=Path, metavar="DIR", help="the published revision")
        if run is _sign:
            added.add_argument("--key", type=Path, required=True, help="your private key (ssh-keygen -t ed25519)")
            added.add_argument("--passphrase", action="store_true", help="the key has a passphrase: ask for it")
        if run is _reproduce:
            added.add_argument("--notebook", type=Path, help="for an analyst's own report: its notebook")
        if run is _explain:
            added.add_argument("figure", metavar="FIGURE", help="TABLE/COLUMN/ROW, as overview/ratio/timeliness")


def _verify(chosen: argparse.Namespace) -> Answer:
    from creditlab.reports.proof import verify
    from creditlab.reports.signoff import read_signers

    return _answer(verify(chosen.folder, read_signers(chosen.workspace)), "nothing was changed")


def _sign(chosen: argparse.Namespace) -> Answer:
    from creditlab.errors import SignError
    from creditlab.reports.index import write_index
    from creditlab.reports.signoff import read_signers, sign

    workspace = opened(chosen)
    signers = read_signers(workspace.folder)
    if not signers:
        raise SignError("nobody is registered to sign", where="signers.toml", do="See docs/reports.md.")
    step = sign(
        chosen.folder, chosen.key, signers, account=pwd.getpwuid(os.getuid()).pw_name,
        now=now().astimezone(workspace.time_zone), passphrase=_passphrase(chosen),
    )  # fmt: skip
    write_index(workspace)
    return Answer({"folder": str(chosen.folder), "step": str(step)}, f"{chosen.folder}: {step}\n")


def _passphrase(chosen: argparse.Namespace) -> bytes | None:
    """Asked for on the terminal, never on the command line, where others could read it."""
    return getpass("Passphrase of the key: ").encode() if chosen.passphrase else None


def _reproduce(chosen: argparse.Namespace) -> Answer:
    from creditlab.cli.publishing import code_version
    from creditlab.reports.proof import reproduce

    return _answer(
        reproduce(chosen.folder, opened(chosen), code_version=code_version(), own=chosen.notebook),
        "everything comes out as published",
    )


def _answer(proof: Proof, clean: str) -> Answer:
    lines = [f"lacking  {one}: not beside this folder; its charts are still images\n" for one in proof.lacking]
    for one in proof.deviations:
        figures = f": published {one.published}, now {one.found}" if one.published or one.found else ""
        lines.append(f"{one.kind}  {one.where}: {one.what}{figures}\n")
    counted = ", ".join(f"{count:,} {name}" for name, count in proof.compared.items())
    summary = clean if proof.is_clean else f"{len(proof.deviations):,} differences"
    lines.append(f"{proof.report_id}: {counted}: {summary}\n")
    result = {
        "report_id": proof.report_id,
        "is_clean": proof.is_clean,
        "compared": proof.compared,
        "lacking": proof.lacking,
        "differences": [asdict(one) for one in proof.deviations],
    }
    return Answer(result, "".join(lines), ExitStatus.DONE if proof.is_clean else ExitStatus.REFUSED)


def _explain(chosen: argparse.Namespace) -> Answer:
    from creditlab.reports.explanation import explain

    told = explain(chosen.folder, chosen.figure, opened(chosen))
    result = asdict(told)
    width = max(map(len, result))
    lines = [
        f"{name:<{width}}  {', '.join(f'{key} {one}' for key, one in value.items()) if name == 'filter' else value}\n"
        for name, value in result.items()
        if name != "sql"
    ]
    return Answer(result, "".join(lines) + f"sql\n{told.sql}\n")
