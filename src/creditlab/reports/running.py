"""Run a report's notebook through papermill, in a kernel of its own."""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from creditlab import errors
from creditlab.errors import KernelError, ReportError, UserError
from creditlab.reports.given import write_given

KERNEL = "python3"
#: The notebook as it goes to the kernel, beside the executed one.
_PREPARED = "prepared.ipynb"


def run_notebook(notebook: Path, executed: Path, parameters: Mapping[str, Any]) -> None:
    """Execute a notebook; `executed` gets the notebook with its outputs, whether it fails or not.

    Parameters
    ----------
    notebook
        The report's notebook.
    executed
        Where the executed copy goes; its folder is the kernel's working folder.
    parameters
        Checked values (`check_parameters`). They lie in a file; no text that is executed is made of them.

    Raises
    ------
    UserError
        What a cell refused with, as it was raised there.
    ReportError
        If a cell failed otherwise or the kernel died.
    """
    _spare_grammar()
    prepared = executed.with_name(_PREPARED)
    write_given(notebook, prepared, parameters)
    import papermill
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
    from papermill.exceptions import PapermillException, PapermillExecutionError
    from traitlets.config import Config

    try:
        with _own_profile(executed.parent / ".ipython"):
            papermill.execute_notebook(
                str(prepared),
                str(executed),
                kernel_name=KERNEL,
                cwd=str(executed.parent),
                progress_bar=False,
                log_output=False,
                start_timeout=120,
                # Sockets in the file system, for nobody else on the machine; a kernel's chatter is not for the user.
                config=Config({"KernelManager": {"transport": "ipc"}}),
                extra_arguments=["--log-level=CRITICAL"],
            )
    except PapermillExecutionError as error:
        refusal = getattr(errors, error.ename, None)
        if isinstance(refusal, type) and issubclass(refusal, UserError):
            raise refusal.again(error.evalue) from error
        # The kernel's message may carry values, so only its kind is passed on.
        raise ReportError(
            "a cell of the notebook failed", where=f"{notebook.name}, cell {error.cell_index}, {error.ename}"
        ) from error
    except (CellExecutionError, CellTimeoutError, DeadKernelError, PapermillException, RuntimeError) as error:
        raise KernelError(
            "the notebook's kernel did not answer", where=f"{notebook.name}, {type(error).__name__}", do="Try again."
        ) from error


def _spare_grammar() -> None:
    """Keep jsonschema from building a grammar for international addresses, which no notebook needs.

    It takes some two seconds of each start; without it the format checks of that one kind are left out.
    """
    name = "rfc3987_syntax"
    if name not in sys.modules and importlib.util.find_spec(name) is not None:
        sys.modules[name] = None  # type: ignore[assignment]


@contextmanager
def _own_profile(folder: Path) -> Iterator[None]:
    """Give the kernel an IPython folder of its own: nobody's start-up files run in a publication."""
    before = os.environ.get("IPYTHONDIR")
    os.environ["IPYTHONDIR"] = str(folder)
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("IPYTHONDIR", None)
        else:
            os.environ["IPYTHONDIR"] = before
