"""XML as a small tree that knows its lines; namespaces are dropped, declarations of any kind refused."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from sys import intern
from types import MappingProxyType
from xml.sax import ContentHandler, SAXParseException
from xml.sax.xmlreader import AttributesImpl, Locator

from defusedxml.common import DefusedXmlException
from defusedxml.sax import parseString

from reconciliation.statements.doubts import Doubt

#: Elements inside elements; camt.053 needs about a dozen.
DEEPEST = 40


#: Most elements have no attributes, and a statement has a million elements: they share this.
_NONE: Mapping[str, str] = MappingProxyType({})


@dataclass(slots=True)
class Node:
    """One element: its local name, its attributes and text, where it starts."""

    name: str
    line: int
    attributes: Mapping[str, str] = field(default_factory=lambda: _NONE)
    children: list[Node] = field(default_factory=list)
    text: str = ""

    def all(self, path: str) -> Iterator[Node]:
        """The elements at `path`, such as ``Acct/Id``, in their order."""
        name, _, rest = path.partition("/")
        for child in self.children:
            if child.name == name:
                yield from child.all(rest) if rest else (child,)

    def first(self, *paths: str) -> Node | None:
        """The first element at the first of `paths` that leads anywhere."""
        return next((node for path in paths for node in self.all(path)), None)

    def read(self, *paths: str) -> str:
        """The text of `first`, or nothing."""
        found = self.first(*paths)
        return found.text if found else ""

    def need(self, *paths: str) -> Node:
        """As `first`. Raises `Doubt` when there is none."""
        found = self.first(*paths)
        if found is None:
            raise Doubt(
                "%(element)s has no %(path)s",
                line=self.line, element=self.name, path=" | ".join(paths),
            )  # fmt: skip
        return found


def read_xml(raw: bytes) -> Node:
    """The root of the document `raw`. Raises `Doubt` for anything that is not well formed or that
    declares document types or entities, before any of them is expanded."""
    builder = _Builder()
    try:
        parseString(raw, builder, forbid_dtd=True)
    except DefusedXmlException:
        raise Doubt("a document type or entities are declared", line=builder.line) from None
    except SAXParseException as error:
        raise Doubt(
            "not well-formed XML: %(reason)s",
            line=error.getLineNumber() or 1, reason=error.getMessage(),
        ) from None  # fmt: skip
    except (ValueError, LookupError) as error:
        # an encoding that Python does not have, or that the bytes do not follow
        raise Doubt("not well-formed XML: %(reason)s", line=builder.line, reason=error) from None
    return builder.root.children[0]


class _Builder(ContentHandler):
    def __init__(self) -> None:
        super().__init__()
        self.root = Node("", 1)
        self._open = [self.root]
        self._texts: list[list[str]] = [[]]
        self._locator: Locator | None = None

    @property
    def line(self) -> int:
        return (self._locator.getLineNumber() if self._locator else None) or 1

    def setDocumentLocator(self, locator: Locator) -> None:
        self._locator = locator

    def startElement(self, name: str, attrs: AttributesImpl) -> None:
        if len(self._open) > DEEPEST:
            raise Doubt("elements nested more than %(count)s deep", line=self.line, count=DEEPEST)
        node = Node(_local(name), self.line, dict(attrs.items()) or _NONE)
        self._open[-1].children.append(node)
        self._open.append(node)
        self._texts.append([])

    def endElement(self, name: str) -> None:
        self._open.pop().text = "".join(self._texts.pop()).strip()

    def characters(self, content: str) -> None:
        self._texts[-1].append(content)


def _local(name: str) -> str:
    return intern(name.rpartition(":")[2])
