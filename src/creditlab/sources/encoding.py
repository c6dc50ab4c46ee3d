"""How a delivered file's bytes are text: UTF-8, UTF-16 or GB18030, which contains GBK."""

from __future__ import annotations

import codecs
import io
from typing import IO

from creditlab.sources.delivered import Content

#: What stands for bytes that are no text.
DAMAGE = "\ufffd"
#: A line is looked at in pieces of this size, so that a file without line ends is no burden.
_LINE_BYTES = 2**20
#: After so many lines that say something, the others would say the same.
_ENOUGH = 100_000
_PIECE = 4 * 2**20


def find_encoding(content: Content) -> tuple[str, bool]:
    """How a file's bytes are text, and whether some of them may be none."""
    if content.is_utf8:
        return "utf-8-sig", False
    with content.open() as handle:
        start = handle.read(3)
        handle.seek(0)
        if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", not _is_whole(handle, "utf-16")
        if start == codecs.BOM_UTF8:
            return "utf-8-sig", True
        return _by_majority(handle)


def open_text(content: Content, encoding: str) -> IO[str]:
    """The file's text from the start, with `DAMAGE` for bytes that are none."""
    return io.TextIOWrapper(content.open(), encoding=encoding, errors="replace", newline="")


def _is_whole(handle: IO[bytes], encoding: str) -> bool:
    decoder = codecs.getincrementaldecoder(encoding)()
    try:
        while piece := handle.read(_PIECE):
            decoder.decode(piece)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _by_majority(handle: IO[bytes]) -> tuple[str, bool]:
    """Choose the encoding that more lines speak for; the others are damaged rows, not another encoding.

    Chinese in UTF-8 has three bytes a character, which GB18030 text forms by chance hardly ever. Two-byte characters
    say nothing: the GBK bytes of a common character such as the one for woman are also a letter with a hook in UTF-8.
    That a line is text in GB18030 says little too, for most bytes are.
    """
    utf8 = gb18030 = neither = 0
    while (line := handle.readline(_LINE_BYTES)) and utf8 + gb18030 + neither < _ENOUGH:
        if line.isascii():
            continue
        text = _decoded(line, "utf-8")
        if text is not None:
            utf8 += max(text) > "\u07ff"
        elif _decoded(line, "gb18030") is not None:
            gb18030 += 1
        else:
            neither += 1
    if utf8 > gb18030 + neither or not gb18030:
        return "utf-8-sig", True
    handle.seek(0)
    return "gb18030", not _is_whole(handle, "gb18030")


def _decoded(line: bytes, encoding: str) -> str | None:
    try:
        return line.decode(encoding)
    except UnicodeDecodeError:
        return None
