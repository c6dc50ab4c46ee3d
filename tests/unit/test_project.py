"""What the repository promises about itself."""

from __future__ import annotations

import ast
import itertools
import re
import subprocess
import tomllib

import pytest
import yaml
from packaging.requirements import Requirement

from tests import conftest

pytest_plugins = ["pytester"]

ROOT = conftest.ROOT
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
TRACKED = sorted(
    name
    for name in subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True)
    .stdout.rstrip("\0")
    .split("\0")
    if (ROOT / name).is_file()
)

FOLDERS = ["src/creditlab", "notebooks", "data_samples", "reports", "tests", "benchmarks", "docs", "scripts"]
DOCUMENTS = ["README.md", "GLOSSARY.md", "CONTRIBUTING.md", "CHANGELOG.md", "LICENSE"]

# In two parts, so that this file passes its own test. What belongs to somebody's machine or to the tools
# that a text was written with helps no reader of the project.
UNWELCOME = [
    ("cl", "aude"),
    ("agent ", "session"),
    ("helper ", "session"),
    ("steering ", "repo"),
    ("farm-", "studio"),
    ("farm-", "bench"),
    ("/", "work/"),
    ("/", "farm/"),
    ("/", "root/"),
]
UNWELCOME_PATTERN = re.compile(
    r"(?<![\w.])(?:" + "|".join(re.escape(first + second) for first, second in UNWELCOME) + ")", re.IGNORECASE
)


def normalised(requirements: list[str]) -> dict[str, tuple[frozenset[str], str]]:
    parsed = [Requirement(text) for text in requirements]
    return {re.sub(r"[-_.]+", "-", one.name).lower(): (frozenset(one.extras), str(one.specifier)) for one in parsed}


def text_of(name: str) -> str | None:
    """The file's text, or None for a binary file."""
    try:
        return (ROOT / name).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None


def test_environment_equals_pyproject():
    environment = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))
    conda = [entry for entry in environment["dependencies"] if isinstance(entry, str)]
    (pip,) = [entry["pip"] for entry in environment["dependencies"] if isinstance(entry, dict)]
    assert environment["name"] == "creditlab"
    assert environment["channels"] == ["conda-forge"]
    assert "-e ." in pip
    found = normalised([entry for entry in [*conda, *pip] if entry not in ("pip", "-e .")])
    project = PYPROJECT["project"]
    wanted = [*project["dependencies"], *itertools.chain(*project["optional-dependencies"].values())]
    expected = normalised([*wanted, f"python{project['requires-python']}"])
    assert found == expected


def test_no_dependency_is_named_twice_in_environment():
    text = (ROOT / "environment.yml").read_text("utf-8")
    names = re.findall(r"^ +- ([a-z][a-z0-9-]*)[\[<>=]", text, re.MULTILINE)
    assert len(names) > 20
    assert len(names) == len(set(names))


@pytest.mark.parametrize("folder", FOLDERS)
def test_folder_is_there_and_not_empty_in_a_clone(folder):
    assert any(name.startswith(f"{folder}/") for name in TRACKED)


@pytest.mark.parametrize("document", DOCUMENTS)
def test_document_is_there(document):
    assert document in TRACKED


def test_changelog_says_which_figures_changed():
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    unreleased = changelog.split("## [Unreleased]")[1].split("\n## ")[0]
    assert "### Figures" in unreleased


def test_licence_is_the_one_declared():
    licence = (ROOT / "LICENSE").read_text("utf-8")
    assert PYPROJECT["project"]["license"] == "Apache-2.0"
    assert "Version 2.0, January 2004" in licence
    assert "END OF TERMS AND CONDITIONS" in licence


@pytest.mark.parametrize("target", ["report", "test", "check"])
def test_readme_names_every_make_target(target):
    assert f"make {target}" in (ROOT / "README.md").read_text("utf-8")
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)


def test_no_unwelcome_words():
    texts = {name: text_of(name) for name in TRACKED if name != "uv.lock"}
    found = {
        f"{name}: {match.group()}"
        for name, text in texts.items()
        if text is not None
        for match in UNWELCOME_PATTERN.finditer(text)
    }
    assert len(texts) > 10
    assert found == set()


@pytest.mark.parametrize("words", UNWELCOME)
def test_unwelcome_words_would_be_found(words):
    assert UNWELCOME_PATTERN.search(f"see {words[0].upper()}{words[1]}, there") is not None


def test_paths_inside_the_project_are_welcome():
    inside = "".join(["docs", *UNWELCOME[6], "x and ..", *UNWELCOME[6], "x"])
    assert UNWELCOME_PATTERN.search(inside) is None


def test_source_files_hold_one_idea():
    lines = {name: len(text_of(name).splitlines()) for name in TRACKED if re.match(r"src/.*\.py$", name)}
    assert lines
    assert {name: count for name, count in lines.items() if count > 400} == {}


# --- The allow-list of skipped tests ------------------------------------------------------------------


def faults_of(test_id: str, reason: str) -> list[str]:
    """Why a line of the allow-list may not stand."""
    file, *names = test_id.split("::")
    faults = []
    if len(reason) < 10:
        faults.append("no reason")
    if file.startswith("tests/real/"):
        faults.append("on real data")
    text = text_of(file) if file in TRACKED else None
    if text is None:
        return [*faults, "no such file"]
    if re.search(r"""shared_dir|["'/]shared["'/]|\bSHARED\b""", text):
        faults.append("in a file that uses the shared data")
    defined = {node.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    if not names or not {name.split("[")[0] for name in names} <= defined:
        faults.append("no such test")
    return faults


def test_allowed_skips_may_be_skipped():
    allowed = conftest.read_allowed_skips(conftest.ALLOWED_SKIPS.read_text("utf-8"))
    assert [line for line in allowed.items() if faults_of(*line)] == []


@pytest.mark.parametrize(
    ("test_id", "reason", "fault"),
    [
        ("tests/real/test_letters.py::test_timeliness", "takes too long here", "on real data"),
        ("tests/unit/test_project.py::test_document_is_there[LICENSE]", "", "no reason"),
        ("tests/unit/test_nowhere.py::test_x", "a file that went away", "no such file"),
        ("tests/unit/test_project.py::test_that_never_was", "a test that went away", "no such test"),
        ("tests/unit/test_project.py", "a whole file at once", "no such test"),
        ("tests/conftest.py::shared_dir", "a file that uses it", "in a file that uses the shared data"),
    ],
)
def test_allowed_skip_is_refused(test_id, reason, fault):
    assert fault in faults_of(test_id, reason)


def test_allowed_skips_are_read_with_their_reasons():
    text = "# heading\n\ntests/a.py::test_x[a # b]  # needs two screens\ntests/b.py::test_y\n"
    assert conftest.read_allowed_skips(text) == {
        "tests/a.py::test_x[a # b]": "needs two screens",
        "tests/b.py::test_y": "",
    }


PROBE = """
import pytest

def test_passes():
    assert True

def test_skips():
    pytest.skip("no cluster here")

@pytest.mark.xfail
def test_fails_as_expected():
    assert False

@pytest.fixture
def shared_dir():
    pytest.skip("no data here")

def test_on_shared_data(shared_dir):
    assert shared_dir
"""


@pytest.mark.parametrize(
    ("ci", "allowed", "outcomes"),
    [
        ("false", [], {"passed": 1, "skipped": 2, "xfailed": 1}),
        ("true", [], {"passed": 1, "failed": 1, "errors": 1, "xfailed": 1}),
        ("true", ["test_skips", "test_on_shared_data"], {"passed": 1, "skipped": 1, "errors": 1, "xfailed": 1}),
    ],
)
def test_skips_in_continuous_integration(pytester, monkeypatch, ci, allowed, outcomes):
    monkeypatch.setenv("CI", ci)
    pytester.makeini("[pytest]\nmarkers =\n    real: x\n    browser: x\n    notebook: x\n")
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.path.joinpath("allowed_skips.txt").write_text(
        "".join(f"test_probe.py::{name}  # for this test\n" for name in allowed), encoding="utf-8"
    )
    pytester.makepyfile(test_probe=PROBE)
    result = pytester.runpytest_subprocess()
    assert result.parseoutcomes() == outcomes
    assert result.ret == (0 if ci == "false" else 1)


def test_module_that_skips_itself_fails_in_continuous_integration(pytester, monkeypatch):
    monkeypatch.setenv("CI", "true")
    pytester.makeini("[pytest]\nmarkers =\n    real: x\n    browser: x\n    notebook: x\n")
    pytester.makeconftest((ROOT / "tests" / "conftest.py").read_text("utf-8"))
    pytester.path.joinpath("allowed_skips.txt").write_text("", encoding="utf-8")
    pytester.makepyfile(test_probe="import pytest\npytest.importorskip('no_such_module_anywhere')\n")
    result = pytester.runpytest_subprocess()
    assert result.ret != 0
    result.stdout.fnmatch_lines(["*no_such_module_anywhere*"])
