"""What the SVG files say about the drawings, and their order."""

import dataclasses
import os
import posixpath
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping
from collections.abc import Sequence

_DUBLIN_CORE = "{http://purl.org/dc/elements/1.1/}"
_RDF = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}"

# Unsorted drawings have no subject, and the stars are alike.
_LEFT_OUT = ("unsorted/", "shapes/stars/")


@dataclasses.dataclass(frozen=True)
class Drawing:
    """One drawing as its file describes it.

    Attributes:
        path: Path below the package's `svg` folder, with `/`.
        title: Title of the drawing, "" if it has none.
        description: Free text, "" if there is none.
        keywords: Key words in file order, empty ones left out.
    """

    path: str
    title: str = ""
    description: str = ""
    keywords: tuple[str, ...] = ()

    @property
    def directories(self) -> tuple[str, ...]:
        """Names of the folders that hold the drawing, outermost first."""
        return tuple(self.path.split("/")[:-1])


def parse_svg(path: str, svg: bytes) -> Drawing:
    """Reads the Dublin Core title, description and subject of an SVG file.

    Args:
        path: Path of the drawing, kept as it is.
        svg: The file's contents.

    Raises:
        ValueError: The file is not well-formed XML.
    """
    try:
        root = ElementTree.fromstring(svg)
    except ElementTree.ParseError as error:
        raise ValueError(f"{path} is not well-formed XML: {error}.") from error
    block = root.find(".//{*}metadata")
    if block is None:
        return Drawing(path)
    # Titles after the first one are names of authors and publishers.
    title = next(block.iter(_DUBLIN_CORE + "title"), None)
    descriptions = block.iter(_DUBLIN_CORE + "description")
    keywords = []
    for subject in block.iter(_DUBLIN_CORE + "subject"):
        keywords += list(subject.iter(_RDF + "li")) or [subject]
    return Drawing(
        path,
        title="" if title is None else _text(title),
        description=" ".join(map(_text, descriptions)),
        keywords=tuple(filter(None, map(_text, keywords))),
    )


def read_drawings(
    svg: Mapping[str, bytes], png: Mapping[str, bytes], order: Sequence[str]
) -> list[Drawing]:
    """Reads all sorted drawings that exist in both packages.

    Args:
        svg: Path -> contents of the SVG files.
        png: Path -> contents of the PNG files.
        order: Folders in the order of the rows; inside a folder the drawings
            go by name.

    Raises:
        ValueError: A drawing lies in a folder that `order` does not name.
    """
    rank = {folder: position for position, folder in enumerate(order)}
    paths = [path for path in svg if png_path(path) in png and _is_used(path)]
    unknown = {posixpath.dirname(path) for path in paths} - rank.keys()
    if unknown:
        raise ValueError(
            f"No order is known for the folders {sorted(unknown)}: add them to"
            " directories.txt."
        )
    paths.sort(key=lambda path: (rank[posixpath.dirname(path)], path))
    return [parse_svg(p, svg[p]) for p in paths]


def png_path(path: str) -> str:
    """Path of a drawing's picture in the PNG package."""
    return path.removesuffix(".svg") + ".png"


def row_order() -> list[str]:
    """Returns the folders in the order of the shipped rows."""
    name = os.path.join(os.path.dirname(__file__), "directories.txt")
    with open(name, encoding="utf-8") as lines:
        return [line.strip() for line in lines if not line.startswith("#")]


def _is_used(path: str) -> bool:
    """Leaves out unsorted drawings, stars and names with two suffixes."""
    return path.count(".svg") == 1 and not path.startswith(_LEFT_OUT)


def _text(element: ElementTree.Element) -> str:
    """Returns the text of an element and of all it holds."""
    return "".join(element.itertext()).strip()
