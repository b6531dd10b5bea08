"""Text of a file in whatever encoding it tells of."""

import codecs
import os
import pathlib

# What a file in another encoding than UTF-8 may begin with; the longer first.
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig", ""),
    (codecs.BOM_UTF32_LE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF32_BE, "utf-32", "UTF-32"),
    (codecs.BOM_UTF16_LE, "utf-16", "UTF-16"),
    (codecs.BOM_UTF16_BE, "utf-16", "UTF-16"),
)
# What to propose: of Western Europe, of China, of Japan.
_LIKELY = ("cp1252", "gb18030", "shift_jis")
_SHOWN = 40


def read(path: str | os.PathLike, encoding: str = "") -> tuple[str, str]:
    """Reads a text file.

    Args:
        path: The file.
        encoding: One of Python's encodings; empty takes what the file's
            byte-order mark says, and UTF-8 without one.

    Returns:
        The text without its byte-order mark, and the encoding's name where it
        is not UTF-8.

    Raises:
        ValueError: The file is in another encoding.
        OSError: The file cannot be opened.
    """
    content = pathlib.Path(path).read_bytes()
    codec, told = encoding, encoding
    if not encoding:
        codec, told = next(
            (
                (codec, told)
                for mark, codec, told in _MARKS
                if content.startswith(mark)
            ),
            ("utf-8", ""),
        )
    try:
        return content.decode(codec).removeprefix("\ufeff"), told
    except LookupError as error:
        raise ValueError(
            f"--encoding={encoding} is none of Python's encodings."
        ) from error
    except UnicodeDecodeError as error:
        raise ValueError(_refusal(path, content, told, error)) from error


def _refusal(path, content: bytes, told: str, error) -> str:
    line = content.count(b"\n", 0, error.start) + 1
    shown = f"{path} is not {told or 'UTF-8'} text: line {line} holds the byte "
    shown += f"0x{content[error.start]:02x}; name its --encoding."
    start = content.rfind(b"\n", 0, error.start) + 1
    end = content.find(b"\n", error.start)
    sample = content[start : end if end >= 0 else len(content)]
    readings = []
    for codec in _LIKELY:
        try:
            text = " ".join(sample.decode(codec).split())
        except UnicodeDecodeError:
            continue
        readings.append(f"{text[:_SHOWN]!r} as {codec}")
    if not readings:
        return shown
    return f"{shown} The line reads {', '.join(readings)}."
