"""The notebooks of a workspace: copies to begin with, which are its user's from then on."""

from __future__ import annotations

import json
from pathlib import Path

from creditlab.lab.settings import KERNEL, START
from creditlab.reports.listing import notebooks_folder
from creditlab.workspace import Workspace

#: What analysts begin with.
COPIED = ("first_hour.ipynb", "trends.ipynb")
#: A copy looks at its own workspace, at the newest quarter that is over, as of the day of the newest run.
_OWN = {
    'workspace: str = "../data_samples"': 'workspace: str = ".."',
    'period: str = "2026Q3"': 'period: str = ""',
    'as_of: str = "2026-10-20"': 'as_of: str = ""',
}
_START = """# Where to begin · 从这里开始

- **[first_hour.ipynb](first_hour.ipynb)**: an hour with your own workspace: from a figure to its cause.
- **[trends.ipynb](trends.ipynb)**: all of it with controls; a click on a dot drills down.

Open one, then *Run* → *Run All Cells*. They are your copies: change them as you like; delete one, and the next
`creditlab lab` puts a fresh one here. In a notebook of your own, begin with

    import creditlab as cl
    ws = cl.open("..")
    ws.measure("timeliness", by="department")

What you see is internal: it is not to be passed on. Whoever writes for others runs `creditlab publish`. Kernels here
open no connection to another machine, and a look at organisations' records is noted in the access log.

---

- **[first_hour.ipynb](first_hour.ipynb)**：用一小时熟悉自己的工作区：从一个数字找到原因。
- **[trends.ipynb](trends.ipynb)**：用控件查看；点击圆点即可逐级下钻。

打开笔记本，然后选择“运行 → 运行所有单元格”。这些是您自己的副本，可以随意修改；
删除后，下次运行 `creditlab lab` 会放入新的副本。

所见均为内部资料，不得外传；对外使用请运行 `creditlab publish`。
这里的内核不与其他机器建立连接，查看组织的记录会记入访问日志。
"""


def prepare(workspace: Workspace, folder: Path | None = None) -> Path:
    """Put the notebooks, and the page that says where to begin, into a folder; what is there stays as it is.

    Parameters
    ----------
    folder
        The workspace's own folder `notebooks` by default. In another one they name the workspace by its whole path.
    """
    place = ".." if folder is None else str(workspace.folder)
    folder = folder or workspace.folder / "notebooks"
    folder.mkdir(exist_ok=True)
    if not (folder / START).exists():
        (folder / START).write_text(_START.replace('cl.open("..")', f"cl.open({json.dumps(place)})"), encoding="utf-8")
    for name in COPIED:
        if not (folder / name).exists():
            (folder / name).write_text(_copy(notebooks_folder() / name, place), encoding="utf-8")
    return folder


def _copy(path: Path, place: str) -> str:
    notebook = json.loads(path.read_text("utf-8"))
    for cell in notebook["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            text = "".join(cell["source"])
            for before, after in _OWN.items():
                text = text.replace(before, after.replace('".."', json.dumps(place, ensure_ascii=False)))
            cell["source"] = text
    notebook["metadata"]["kernelspec"] = {"name": KERNEL, "display_name": "creditlab", "language": "python"}
    return json.dumps(notebook, ensure_ascii=False, indent=1) + "\n"
