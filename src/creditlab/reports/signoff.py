"""Sign-off: a published folder goes from draft to checked, approved and published, each by somebody else's own key.

Who signs is whoever holds a private key and is logged in to the account that the key is registered for; there is no
place to type a name. A signature is over the manifest's checksum and the signature before it, so that neither a file,
nor a step, nor their order can be changed afterwards.
"""

from __future__ import annotations

import base64
import hashlib
import json
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.errors import ManifestError, SignError
from creditlab.messages import Messages
from creditlab.reports.shelf import MANIFEST, SIGN_OFF, WATERMARK
from creditlab.terms import Language
from creditlab.wholefile import write_whole

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SIGNERS = "signers.toml"
_HEAD = "creditlab sign-off 1"


class Step(StrEnum):
    """How far a report is; each step has its own signature but the first."""

    DRAFT = "draft"
    CHECKED = "checked"
    APPROVED = "approved"
    PUBLISHED = "published"


_ORDER = tuple(Step)


@dataclass(frozen=True)
class Signer:
    """Who may sign: the account that authenticates him, his public key (`ssh-ed25519 ...`), his steps."""

    name: str
    account: str
    public_key: str
    steps: tuple[Step, ...]


@dataclass(frozen=True)
class Signature:
    """One step's signature; `previous_sha256` is of the signature before it, empty for the first."""

    step: str
    signer: str
    account: str
    signed_at: str
    manifest_sha256: str
    previous_sha256: str
    public_key: str
    signature: str

    @property
    def message(self) -> bytes:
        """What is signed: everything but the signature."""
        lines = [value for name, value in asdict(self).items() if name != "signature"]
        return "\n".join((_HEAD, *lines)).encode()


def read_signers(folder: Path) -> dict[str, Signer]:
    """Who may sign in a workspace (`signers.toml` beside its configuration); empty where nobody has to.

    Raises
    ------
    SignError
        If the file can't be read, or two signers share a key or an account.
    """
    path = folder / SIGNERS
    if not path.exists():
        return {}
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
        found = {
            name: Signer(
                name, str(one["account"]), _bare(str(one["public_key"])), tuple(Step(step) for step in one["steps"])
            )
            for name, one in content.items()
        }
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError, KeyError, TypeError, ValueError) as error:
        raise SignError("the list of signers has no meaning", where=SIGNERS, do="See docs/reports.md.") from error
    for values in ([one.account for one in found.values()], [one.public_key for one in found.values()]):
        if len(set(values)) < len(values):
            raise SignError("two signers share an account or a key", where=SIGNERS, do="Give each his own.")
    return found


def sign(
    folder: Path,
    key: Path,
    signers: Mapping[str, Signer],
    *,
    account: str,
    now: datetime,
    passphrase: bytes | None = None,
) -> Step:
    """Sign a published folder's next step.

    Parameters
    ----------
    folder
        The published revision.
    key
        The signer's private key (Ed25519), as ssh-keygen makes it, or as PKCS 8 with a passphrase.
    signers
        Who may sign.
    account
        The account that is logged in.
    now
        When, with its zone.
    passphrase
        Of the key, where it has one.

    Returns
    -------
    Step
        The step that the report has reached.

    Raises
    ------
    SignError
        If the key is nobody's who may do the step from this account, if he signed an earlier step, or if nothing is
        left to sign.
    ManifestError
        If the folder or an earlier signature was changed.
    """
    from creditlab.reports.proof import verify

    if not verify(folder).is_clean:
        raise ManifestError("the folder is not as it was published", where=MANIFEST, do="Run creditlab verify.")
    there = read_signatures(folder)
    if broken := list(faults(folder, there, signers)):
        raise ManifestError(broken[0], where=SIGN_OFF, do="Run creditlab verify.")
    if len(there) == len(_ORDER) - 1:
        raise SignError("the report is published, nothing is left to sign", where=SIGN_OFF)
    step = _ORDER[len(there) + 1]
    private = _private_key(key, passphrase)
    public = _public_text(private)
    signer = next((one for one in signers.values() if one.public_key == public), None)
    if signer is None or signer.account != account:
        raise SignError(
            "the key is not registered for the account that is logged in", where=SIGNERS, do="Sign with your own key."
        )
    if step not in signer.steps:
        raise SignError(f"the signer may not do the step {step}", where=SIGNERS)
    if any(signer.name == one.signer or public == one.public_key for one in there):
        raise SignError("every step is somebody else's", where=SIGN_OFF, do="Ask another signer.")
    unsigned = Signature(
        step, signer.name, account, now.isoformat(timespec="seconds"), _manifest_sha256(folder), _last_sha256(there),
        public, "",
    )  # fmt: skip
    made = base64.b64encode(private.sign(unsigned.message)).decode()
    whole = [*there, Signature(**{**asdict(unsigned), "signature": made})]
    write_whole(folder / SIGN_OFF, json.dumps([asdict(one) for one in whole], ensure_ascii=False, indent=1) + "\n")
    write_watermark(folder, step)
    return step


def read_signatures(folder: Path) -> list[Signature]:
    """A folder's signatures in their order; none for a draft, or where nobody has to sign.

    Raises
    ------
    ManifestError
        If they can't be read.
    """
    path = folder / SIGN_OFF
    if not path.exists():
        return []
    try:
        return [
            Signature(**{name: str(value) for name, value in one.items()})
            for one in json.loads(path.read_text("utf-8"))
        ]
    except (OSError, ValueError, TypeError, AttributeError) as error:
        raise ManifestError("the signatures can't be read", where=SIGN_OFF) from error


def state_of(folder: Path) -> Step:
    """How far a report that has to be signed is."""
    return _ORDER[min(len(read_signatures(folder)), len(_ORDER) - 1)]


def faults(folder: Path, signatures: list[Signature], signers: Mapping[str, Signer]) -> Iterator[str]:
    """What is wrong with a folder's signatures; with signers given, also whether each is one of them."""
    from cryptography.exceptions import InvalidSignature

    last, seen = "", set[str]()
    for place, one in enumerate(signatures, start=1):
        if place >= len(_ORDER) or one.step != _ORDER[place] or one.previous_sha256 != last:
            yield f"the step {place} is not in its order"
        if one.manifest_sha256 != _manifest_sha256(folder):
            yield f"the step {one.step} was signed over another manifest"
        if one.public_key in seen or one.signer in seen:
            yield f"the step {one.step} was signed by a signer of an earlier step"
        seen |= {one.public_key, one.signer}
        known = signers.get(one.signer)
        if signers and (known is None or (known.public_key, known.account) != (one.public_key, one.account)):
            yield f"the step {one.step} was signed by nobody who is registered"
        try:
            _verify(one)
        except (InvalidSignature, ValueError):
            yield f"the signature of the step {one.step} is not its key's"
        last = _sha256(one)
    wanted = _watermark(state_of(folder), _language(folder))
    path = folder / WATERMARK
    if path.exists() and path.read_text("utf-8") != wanted:
        yield "the watermark is not that of the step reached"


def write_watermark(folder: Path, step: Step) -> None:
    """Show, or show no more, that a report is a draft."""
    write_whole(folder / WATERMARK, _watermark(step, _language(folder)))


def _watermark(step: Step, language: Language) -> str:
    """The style that lays the word over the page until the last step is done, and offers the clean PDF from then on."""
    if step is Step.PUBLISHED:
        return "/* signed off */\n.until-published { display: none; }\n.when-published { display: list-item; }\n"
    word = Messages(language).gettext("DRAFT")
    return (
        f'body::after {{ content: "{word}"; position: fixed; inset: 0; display: grid; place-items: center; '
        "font-size: 22vw; font-weight: 700; transform: rotate(-24deg); color: rgb(128 128 128 / 0.18); "
        "pointer-events: none; z-index: 9; }\n"
    )


def _language(folder: Path) -> Language:
    return Language(json.loads((folder / MANIFEST).read_text("utf-8"))["parameters"]["language"])


def _manifest_sha256(folder: Path) -> str:
    return hashlib.sha256((folder / MANIFEST).read_bytes()).hexdigest()


def _last_sha256(signatures: list[Signature]) -> str:
    return _sha256(signatures[-1]) if signatures else ""


def _sha256(signature: Signature) -> str:
    return hashlib.sha256(signature.message + b"\n" + signature.signature.encode()).hexdigest()


def _private_key(path: Path, passphrase: bytes | None) -> Ed25519PrivateKey:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_ssh_private_key

    try:
        if path.stat().st_mode & 0o077:
            raise SignError("others can read the private key", where="--key", do="chmod 600 it, or make a new one.")
        text = path.read_bytes()
        key = (load_ssh_private_key if b"OPENSSH" in text else load_pem_private_key)(text, passphrase)
    except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise SignError(
            "the private key can't be read", where="--key", do="Give its --passphrase, or make one (docs/reports.md)."
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise SignError("the key is of another kind", where="--key", do="Make one: ssh-keygen -t ed25519.")
    return key


def _public_text(key: Ed25519PrivateKey) -> str:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode()


def _verify(one: Signature) -> None:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_ssh_public_key

    key = load_ssh_public_key(one.public_key.encode())
    if not isinstance(key, Ed25519PublicKey):
        raise ValueError(one.step)
    key.verify(base64.b64decode(one.signature, validate=True), one.message)


def _bare(public_key: str) -> str:
    """A public key without its comment."""
    kind, text = public_key.split()[:2]
    return f"{kind} {text}"
