"""PDF pages that go to the file as they are made.

The drawing library keeps every page, uncompressed, until the whole document is saved: a hundred thousand
rows then cost 130 MiB. A PDF may hold its objects in any order, for the table at its end says where each
begins (ISO 32000-1, 7.5), so a page is written and forgotten at once; what all pages share (letters,
the list of pages, the title) comes last.
"""

from __future__ import annotations

from typing import IO, Any

from reportlab.pdfbase.pdfdoc import (
    PDFCrossReferenceTable,
    PDFFile,
    PDFIndirectObject,
    PDFObject,
    PDFObjectReference,
    PDFPage,
    PDFStream,
    PDFTrailer,
)
from reportlab.pdfgen.canvas import Canvas

#: Stands for every object that is in the file already.
PRINTED = PDFObject()


class Press:
    """Prints the pages drawn on `canvas` into `file`; call `finish` in the place of the canvas's `save`."""

    def __init__(self, canvas: Canvas, file: IO[bytes]) -> None:
        self.canvas, self.file = canvas, file
        self.document: Any = canvas._doc  # type: ignore[attr-defined]  # the stubs leave it out
        self.at = self.looked_at = 0
        self._write(PDFFile(self.document._pdfVersion).format(self.document))

    def print_page(self) -> None:
        """The page on the canvas is done: print it and turn to the next one."""
        self.canvas.showPage()
        pages = self.document.Pages.pages
        pages[-1] = PDFObjectReference(pages[-1].__InternalName__)
        # writing a page names the stream of its contents, which then stands next in the list
        while (number := self.looked_at + 1) in self.document.numberToId:
            name = self.document.numberToId[number]
            if isinstance(self.document.idToObject[name], PDFPage | PDFStream):
                self._print(name)
            self.looked_at = number

    def finish(self) -> None:
        """Print what the pages share and where everything stands."""
        self._gather()
        document, number = self.document, 1
        # printing an object may name more of them
        while number in document.numberToId:
            if document.numberToId[number] not in document.idToOffset:
                self._print(document.numberToId[number])
            number += 1
        table, begin = PDFCrossReferenceTable(), self.at
        table.addsection(0, [document.numberToId[n] for n in range(1, number)])
        self._write(table.format(document))
        root, info = document.Reference(document.Catalog), document.Reference(document.info)
        ends = PDFTrailer(begin, Size=number, Root=root, Info=info, ID=document.ID())
        self._write(ends.format(document))

    def _gather(self) -> None:
        """The letters that were used, the title and the catalogue become objects of the document."""
        for font in self.document.delayedFonts:
            font.addObjects(self.document)
        self.document.info.invariant = self.document.invariant
        self.document.info.digest(self.document.signature)
        self.document.Outlines.prepare(self.document, self.canvas)
        if self.document.Outlines.ready < 0:
            self.document.Catalog.Outlines = None
        self.document.Reference(self.document.Catalog)
        self.document.Reference(self.document.info)

    def _print(self, name: str) -> None:
        """Write one object, note where it begins, and forget it."""
        self.document.idToOffset[name] = self.at
        self._write(PDFIndirectObject(name, self.document.idToObject[name]).format(self.document))
        self.document.idToObject[name] = PRINTED

    def _write(self, piece: bytes) -> None:
        self.file.write(piece)
        self.at += len(piece)
