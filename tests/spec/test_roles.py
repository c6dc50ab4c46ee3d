"""Roles: who has which, by a token or a name, and what is said to who has none."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Any

import pytest

from creditlab.access import Viewer, deciding, read_roles, viewer_here
from creditlab.access.roles import digest_of
from creditlab.catalogue import read_sealed
from creditlab.errors import RoleError, WorkspaceError
from creditlab.terms import Audience
from creditlab.workspace import Workspace, open_workspace
from tests.spec.asking import Run
from tests.spec.conftest import tiny_maker
from tests.spec.tiny import Tiny

#: A county that answers to the province directly, though its code begins like its neighbour's; and one that doesn't.
COUNTIES = "990181,丙市,City C,prefecture,990000\n990102,丁县,County D,county,990100\n"
ROLES = f"""
[bureau]
audience = "government"
departments = ["D1"]
names = ["li"]
token_sha256 = "{digest_of("a-token")}"

[prefecture]
audience = "internal"
level = "prefecture"
regions = ["990100"]
names = ["wang", "zhao"]
token_sha256 = "{digest_of("another")}"
"""


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Tiny:
    made = tiny_maker(tmp_path_factory.mktemp("roles"))()
    with (made.folder / "catalogue" / "regions.csv").open("a") as file:
        file.write(COUNTIES)
    return made


@pytest.fixture
def place(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    (tiny.folder / "roles.toml").write_text(ROLES)
    monkeypatch.delenv("CREDITLAB_TOKEN", raising=False)
    return open_workspace(tiny.folder)


def not_the_owner(monkeypatch: pytest.MonkeyPatch, name: str = "somebody") -> None:
    """As the system would have it for another account."""
    monkeypatch.setattr(os, "getuid", lambda: 4242)
    monkeypatch.setattr(deciding, "system_user", lambda: name)


def test_a_token_decides_whose_role_it_is(place: Workspace) -> None:
    roles = read_roles(place)
    assert roles.by_token("a-token") == Viewer("bureau", Audience.GOVERNMENT, ("D1",))
    assert roles.by_token("another").name == "prefecture"
    assert roles.by_name("zhao").person == "zhao"


@pytest.mark.parametrize("token", ["", "A-token", "a-token ", digest_of("a-token"), "\udcff", "x" * 100_000])
def test_who_has_none_is_told_whom_to_ask_and_nothing_of_what_there_is(place: Workspace, token: str) -> None:
    with pytest.raises(RoleError) as by_token:
        read_roles(place).by_token(token)
    with pytest.raises(RoleError) as by_name:
        read_roles(place).by_name("bureau")
    with pytest.raises(RoleError) as by_role:
        read_roles(place).named("nobody")
    assert str(by_token.value) == str(by_name.value) == str(by_role.value)
    assert "Ask whoever keeps the workspace for a role" in str(by_token.value)
    assert not any(one in str(by_token.value) for one in ("bureau", "prefecture", "wang", "token="))


def test_a_region_stands_for_what_the_catalogue_puts_below_it(place: Workspace) -> None:
    catalogue = read_sealed(place.catalogue)
    viewer = read_roles(place).by_name("wang")
    assert viewer.units(catalogue) == {"990100", "990102"}
    assert Viewer("all", Audience.INTERNAL, regions=("990000",)).units(catalogue) == set(catalogue.regions)
    assert Viewer("all", Audience.INTERNAL).units(catalogue) is None
    assert viewer.sees(catalogue, region="990102")
    # Neither another unit nor the total over all of them is his.
    assert not viewer.sees(catalogue, region="990181")
    assert not viewer.sees(catalogue)


@pytest.mark.parametrize(
    "text",
    [
        "[bureau",
        "[bureau]\naudience = 'everybody'\n",
        "[bureau]\nlevel = 'county'\n",
        "[bureau]\nregion = ['990100']\n",
        "[bureau]\nregions = '990100'\n",
        "[bureau]\nregions = [990100]\n",
        "[bureau]\nregions = ['990100\\n']\n",
        "[bureau]\ntoken_sha256 = 'a-token'\n",
        "[a]\nnames = ['li']\n[b]\nnames = ['li']\n",
        "[a]\nnames = ['']\n",
        "[owner]\naudience = 'internal'\n",
        "['<b>']\naudience = 'public'\n",
        "bureau = 1\n",
    ],
)
def test_roles_that_can_not_be_used_let_nobody_in(place: Workspace, text: str) -> None:
    (place.folder / "roles.toml").write_text(text)
    with pytest.raises(RoleError):
        read_roles(place)


def test_roles_that_everybody_may_write_are_refused(place: Workspace) -> None:
    path = place.folder / "roles.toml"
    path.chmod(0o666)
    with pytest.raises(RoleError, match="everybody may write"):
        read_roles(place)
    path.chmod(0o644)


# --- Who looks, in a process ------------------------------------------------------------------------------


def test_the_owner_sees_what_analysts_see_or_takes_any_role(place: Workspace) -> None:
    assert viewer_here(place) == Viewer("owner", Audience.INTERNAL)
    assert viewer_here(place, role="bureau") == Viewer("bureau", Audience.GOVERNMENT, ("D1",))
    with pytest.raises(RoleError):
        viewer_here(place, role="nobody")


def test_without_roles_nobody_is_asked_for_one(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    (place.folder / "roles.toml").unlink()
    not_the_owner(monkeypatch)
    assert viewer_here(place) is None
    with pytest.raises(RoleError, match="the workspace has no roles"):
        viewer_here(place, role="bureau")


def test_another_account_has_the_role_of_its_name_or_its_token(
    place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    not_the_owner(monkeypatch, "wang")
    found = viewer_here(place)
    assert found is not None
    assert (found.name, found.person) == ("prefecture", "wang")
    with pytest.raises(RoleError, match="not yours"):
        viewer_here(place, role="bureau")
    assert viewer_here(place, token="a-token", role="bureau") == Viewer("bureau", Audience.GOVERNMENT, ("D1",))
    monkeypatch.setenv("CREDITLAB_TOKEN", "a-token")
    assert viewer_here(place) == Viewer("bureau", Audience.GOVERNMENT, ("D1",))


def test_another_account_without_either_sees_nothing(place: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    not_the_owner(monkeypatch)
    # Only where the workspace says that JupyterHub vouches for it is this more than a word that anybody can write.
    monkeypatch.setenv("JUPYTERHUB_USER", "wang")
    for asked in ({}, {"role": "bureau"}, {"token": "a-guess"}):
        with pytest.raises(RoleError, match="nothing is shown without a role"):
            viewer_here(place, **asked)


def test_behind_jupyterhub_the_name_alone_decides(
    tiny: Tiny, place: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = (tiny.folder / "creditlab.toml").read_text()
    (tiny.folder / "creditlab.toml").write_text(f'{settings}\n[access]\nnames = "jupyterhub"\n')
    try:
        behind = open_workspace(tiny.folder)
    finally:
        (tiny.folder / "creditlab.toml").write_text(settings)
    # Servers of several people run under the account that owns the workspace, so that it is nobody's.
    with pytest.raises(RoleError, match="nothing is shown without a role"):
        viewer_here(behind, token="a-token")
    monkeypatch.setenv("JUPYTERHUB_USER", "li")
    found = viewer_here(behind)
    assert found is not None
    assert (found.name, found.person) == ("bureau", "li")
    with pytest.raises(RoleError, match="not yours"):
        viewer_here(behind, role="prefecture")


def test_nobody_but_those_three_vouches_for_names(tiny: Tiny) -> None:
    settings = (tiny.folder / "creditlab.toml").read_text()
    (tiny.folder / "creditlab.toml").write_text(f'{settings}\n[access]\nnames = "anybody"\n')
    try:
        with pytest.raises(WorkspaceError, match="who vouches for names"):
            open_workspace(tiny.folder)
    finally:
        (tiny.folder / "creditlab.toml").write_text(settings)


# --- The command ------------------------------------------------------------------------------------------


@pytest.fixture
def bare(place: Workspace) -> Path:
    (place.folder / "roles.toml").unlink()
    return place.folder


def test_a_role_and_its_token_by_commands(bare: Path, run: Run) -> None:
    path = bare / "roles.toml"
    assert run(bare, "role", "list") == {"roles": []}
    run(bare, "role", "add", "bureau", "--audience", "government", "--department", "D1", "--person", "li")
    run(bare, "role", "add", "city", "--audience", "internal", "--level", "prefecture", "--region", "990100")
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    token = run(bare, "role", "token", "bureau")["token"]
    assert len(token) >= 40
    # Only a digest is kept, and what else the file says stays as it was.
    assert token not in path.read_text()
    assert viewer_here(open_workspace(bare), token=token) == Viewer("bureau", Audience.GOVERNMENT, ("D1",))
    newer = run(bare, "role", "token", "bureau")["token"]
    with pytest.raises(RoleError):
        viewer_here(open_workspace(bare), token=token)
    assert viewer_here(open_workspace(bare), token=newer) is not None
    listed: list[dict[str, Any]] = run(bare, "role", "list")["roles"]
    assert [(one["role"], one["names"], one["token"]) for one in listed] == [
        ("bureau", ["li"], True),
        ("city", [], False),
    ]
    run(bare, "role", "token", "bureau", "--withdraw")
    with pytest.raises(RoleError):
        viewer_here(open_workspace(bare), token=newer)
    assert "token_sha256" not in path.read_text()


def test_a_group_that_was_let_read_the_roles_still_may(bare: Path, run: Run) -> None:
    run(bare, "role", "add", "bureau", "--audience", "public")
    (bare / "roles.toml").chmod(0o640)
    run(bare, "role", "token", "bureau")
    assert stat.S_IMODE((bare / "roles.toml").stat().st_mode) == 0o640


def test_what_the_command_refuses(bare: Path, run: Run) -> None:
    run(bare, "role", "add", "bureau", "--audience", "public")
    before = (bare / "roles.toml").read_text()
    assert run(bare, "role", "add", "bureau", "--audience", "public", status=5)["error"] == "role"
    assert run(bare, "role", "add", "x", "--audience", "public", "--department", "ZZ", status=2)["error"] == "parameter"
    assert run(bare, "role", "add", "x", "--audience", "internal", "--level", "county", status=5)["error"] == "role"
    assert run(bare, "role", "add", "Owner!", "--audience", "public", status=5)["error"] == "role"
    assert run(bare, "role", "token", "nobody", status=5)["error"] == "role"
    assert (bare / "roles.toml").read_text() == before
