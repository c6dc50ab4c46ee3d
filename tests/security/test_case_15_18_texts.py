"""Cases 15, 17 and 18: no text from outside becomes SQL, a program or a surprise of its format.

Case 15 for a methodology's conditions is in test_case_19_20_methodology.py.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from creditlab import __file__ as package
from creditlab.disclosure import read_policy
from creditlab.errors import CreditlabError
from creditlab.reports.listing import read_listing
from creditlab.workspace import open_workspace
from tests.spec.tiny import Tiny, code, csv_text, row

Run = Callable[..., dict[str, Any]]
SOURCES = Path(package).parent
SQL = ("'; DROP TABLE judged; --", "\"; ATTACH 'x.db'; --", "x') UNION SELECT * FROM records --", "a) FROM range(9) --")


def test_case_15_what_is_delivered_is_never_a_statement(tiny: Tiny, run: Run) -> None:
    rows = [row(text, note=text) for text in SQL]
    columns = [*rows[0], *SQL]
    tiny.deliver(csv_text(columns, [[*one.values(), *SQL] for one in rows]))
    for text in SQL:
        tiny.deliver([row("9")], item_code=text)
        tiny.deliver([row("9")], region_code=text)
        tiny.deliver([row("9")], department=text)
        tiny.deliver([row("9", subject_id=text)], period=text)
    tiny.register((code(), "legal_person", SQL[0], SQL[1], SQL[2], "2015-03-01", ""))
    counts = run(tiny, "ingest")
    assert counts["delivered"] == 4 + 4 * 4
    kept = {one["record_id"]: one for one in tiny.table("records")}
    assert {text.upper() for text in SQL} <= set(kept)
    assert run(tiny, "lake", "verify")["is_whole"]


@pytest.mark.parametrize("text", SQL)
def test_case_15_what_is_asked_for_is_never_a_statement(tiny: Tiny, run: Run, text: str) -> None:
    tiny.deliver([row("1")])
    tiny.ingest()
    period = ["--period", "2026Q3", "--as-of", "2026-10-20"]
    assert run(tiny, "measure", *period, "--by", text, status=2)["error"] == "parameter"
    assert run(tiny, "measure", "--period", text, "--as-of", "2026-10-20", status=2)["error"] == "period"
    assert run(tiny, "quarantine", "--by", text, status=2)["error"] == "parameter"


# --- No text is a program -------------------------------------------------------------------------------------------


def test_case_17_nothing_in_the_package_runs_a_text() -> None:
    """Neither an expression in a configuration nor a planted pickle has anybody who would carry it out."""
    seen = 0
    for path in SOURCES.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            seen += 1
            where = f"{path.relative_to(SOURCES)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in {"eval", "exec", "compile", "__import__"}, where
            names = []
            if isinstance(node, ast.Import):
                names = [one.name for one in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            roots = {one.partition(".")[0] for one in names}
            assert roots.isdisjoint({"pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib", "yaml"}), where
            assert roots.isdisjoint({"code", "codeop", "runpy"}), where
    assert seen > 10_000


EXPRESSION = "__import__('os').mkdir('made')"


@pytest.mark.parametrize(
    "text",
    [
        f'[workspace]\ntitle_en = "{EXPRESSION}"\n',
        f'[workspace]\nsynthetic = "{EXPRESSION}"\n',
        f'[engine]\nurl = "{EXPRESSION}"\n',
        f'[engine]\nmemory = "{EXPRESSION}"\n',
        f'[monitoring]\nmonths = "{EXPRESSION}"\n',
        '[report]\ncontact = "{0.__class__} %(os)s ${HOME} {{ 7 * 7 }}"\n',
    ],
)
def test_case_17_an_expression_is_a_text_or_refused(
    tiny: Tiny, run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, text: str
) -> None:
    monkeypatch.chdir(tmp_path)
    tiny.write("creditlab.toml", text)
    said = ""
    try:
        found = open_workspace(tiny.folder)
    except CreditlabError as error:
        said = str(error)
    else:
        assert found.title_en in (EXPRESSION, "tiny")
        assert found.contact in ("", "{0.__class__} %(os)s ${HOME} {{ 7 * 7 }}")
    assert EXPRESSION not in said
    assert not (tmp_path / "made").exists()


#: What YAML would take: a tag, an alias that grows, a merge. And a key that is there twice.
OTHER_FORMATS = (
    "workspace: !!python/object/apply:os.system [true]\n",
    "a: &a [x, x]\nb: &b [*a, *a]\n",
    "<<: *base\n",
    '[workspace]\ntitle_en = "a"\ntitle_en = "b"\n',
    '[workspace]\ntitle_en = "a"\n[workspace]\ntitle_en = "b"\n',
)


@pytest.mark.parametrize("text", OTHER_FORMATS)
def test_case_18_a_configuration_is_plain_toml_with_each_key_once(tiny: Tiny, tmp_path: Path, text: str) -> None:
    tiny.write("creditlab.toml", text)
    (tmp_path / "reports.toml").write_text(text, encoding="utf-8")
    for read in (
        lambda: open_workspace(tiny.folder),
        lambda: read_policy(tiny.folder / "creditlab.toml"),
        lambda: read_listing(tmp_path),
    ):
        with pytest.raises(CreditlabError):
            read()
