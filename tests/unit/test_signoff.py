"""Sign-off: each step by somebody else's key, in order, over the manifest; nothing of it can be changed unseen."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from creditlab import cli
from creditlab.errors import ManifestError, SignError
from creditlab.reports.proof import verify
from creditlab.reports.publication import checksums
from creditlab.reports.shelf import MANIFEST, SIGN_OFF, WATERMARK
from creditlab.reports.signoff import SIGNERS, Step, read_signatures, read_signers, sign, state_of, write_watermark

NOW = datetime(2026, 10, 20, 9, tzinfo=UTC)
NAMES = ("wang", "li", "zhao")


@dataclass(frozen=True)
class Office:
    """A folder that was published and has to be signed, its signers' keys, and the workspace that names them."""

    folder: Path
    keys: dict[str, Path]
    workspace: Path

    def sign(self, name: str, account: str = "") -> Step:
        signers = read_signers(self.workspace)
        return sign(self.folder, self.keys[name], signers, account=account or f"{name}-account", now=NOW)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    folder = tmp_path / "r1"
    folder.mkdir()
    (folder / "index.html").write_text("<p>figures</p>", encoding="utf-8")
    manifest = {
        "report": "quarterly", "report_id": "x/r1", "revision": 1, "published_at": "", "code_version": "",
        "release": {}, "parameters": {"language": "zh_CN"}, "files": checksums(folder),
    }  # fmt: skip
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    write_watermark(folder, Step.DRAFT)
    keys, lines = {}, []
    for name, step in zip(NAMES, list(Step)[1:], strict=True):
        keys[name], public = make_key(tmp_path / name)
        lines += [
            f"[{name}]",
            f'account = "{name}-account"',
            f'public_key = "{public} a comment"',
            f'steps = ["{step}"]',
        ]
    (tmp_path / SIGNERS).write_text("\n".join(lines), encoding="utf-8")
    return Office(folder, keys, tmp_path)


def make_key(path: Path, passphrase: bytes = b"") -> tuple[Path, str]:
    key = Ed25519PrivateKey.generate()
    encryption = BestAvailableEncryption(passphrase) if passphrase else NoEncryption()
    form = PrivateFormat.PKCS8 if passphrase else PrivateFormat.OpenSSH
    path.write_bytes(key.private_bytes(Encoding.PEM, form, encryption))
    path.chmod(0o600)
    return path, key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def test_three_people_take_a_draft_to_published(office: Office) -> None:
    assert state_of(office.folder) is Step.DRAFT
    assert "草稿" in (office.folder / WATERMARK).read_text("utf-8")
    reached = []
    for name in NAMES:
        reached.append(office.sign(name))
        assert ("草稿" in (office.folder / WATERMARK).read_text("utf-8")) is (reached[-1] is not Step.PUBLISHED)
    assert reached == [Step.CHECKED, Step.APPROVED, Step.PUBLISHED]
    proof = verify(office.folder, read_signers(office.workspace))
    assert proof.is_clean
    assert proof.compared["signatures"] == 3
    with pytest.raises(SignError, match="nothing is left"):
        office.sign("zhao")


def test_who_may_not_is_refused_and_nothing_is_signed(office: Office, tmp_path: Path) -> None:
    signers = read_signers(office.workspace)
    stranger, _ = make_key(tmp_path / "stranger")
    refused: list[tuple[str, Callable[[], object]]] = [
        ("not registered for the account", lambda: office.sign("wang", account="li-account")),
        ("may not do the step checked", lambda: office.sign("li")),
        ("not registered", lambda: sign(office.folder, stranger, signers, account="wang-account", now=NOW)),
    ]
    for message, act in refused:
        with pytest.raises(SignError, match=message):
            act()
    stranger.chmod(0o644)
    with pytest.raises(SignError, match="others can read"):
        sign(office.folder, stranger, signers, account="wang-account", now=NOW)
    assert read_signatures(office.folder) == []


def test_nobody_signs_twice(office: Office) -> None:
    path = office.workspace / SIGNERS
    path.write_text(path.read_text("utf-8").replace('["checked"]', '["checked", "approved"]'), encoding="utf-8")
    office.sign("wang")
    with pytest.raises(SignError, match="somebody else's"):
        office.sign("wang")


def test_two_signers_with_one_account_are_one_person(office: Office) -> None:
    path = office.workspace / SIGNERS
    path.write_text(path.read_text("utf-8").replace("li-account", "wang-account"), encoding="utf-8")
    with pytest.raises(SignError, match="share an account"):
        read_signers(office.workspace)


def test_a_key_with_a_passphrase(office: Office, tmp_path: Path) -> None:
    key, public = make_key(tmp_path / "locked", b"secret")
    path = office.workspace / SIGNERS
    old = read_signers(office.workspace)["wang"].public_key
    path.write_text(path.read_text("utf-8").replace(old, public), encoding="utf-8")
    signers = read_signers(office.workspace)
    with pytest.raises(SignError, match="can't be read"):
        sign(office.folder, key, signers, account="wang-account", now=NOW)
    assert sign(office.folder, key, signers, account="wang-account", now=NOW, passphrase=b"secret") is Step.CHECKED


def test_what_is_changed_afterwards_is_seen(office: Office) -> None:
    for name in NAMES[:2]:
        office.sign(name)
    whole = (office.folder / SIGN_OFF).read_text("utf-8")
    entries = json.loads(whole)

    def seen(changed: list[dict[str, str]]) -> set[str]:
        (office.folder / SIGN_OFF).write_text(json.dumps(changed), encoding="utf-8")
        return {one.what for one in verify(office.folder, read_signers(office.workspace)).deviations}

    assert "the signature of the step checked is not its key's" in seen([{**entries[0], "signed_at": "x"}, entries[1]])
    assert "the step 1 is not in its order" in seen(entries[1:])
    _, public = make_key(office.workspace / "forged")
    assert "the step checked was signed by nobody who is registered" in seen([{**entries[0], "public_key": public}])
    (office.folder / SIGN_OFF).write_text(whole, encoding="utf-8")
    assert verify(office.folder).is_clean
    (office.folder / WATERMARK).write_text("", encoding="utf-8")
    assert [one.what for one in verify(office.folder).deviations] == ["the watermark is not that of the step reached"]
    write_watermark(office.folder, Step.APPROVED)
    (office.folder / "index.html").write_text("<p>other figures</p>", encoding="utf-8")
    with pytest.raises(ManifestError):
        office.sign("zhao")


def test_there_is_no_place_to_type_a_name(office: Office) -> None:
    for option in ("--name", "--signer", "--account"):
        assert cli.main(["sign", str(office.folder), "--key", str(office.keys["wang"]), option, "Wang"]) == 2
    assert read_signatures(office.folder) == []
