"""The charts of a page on paper: the same shapes, at the same places, in the same colours."""

from __future__ import annotations

from dataclasses import dataclass

from reportlab.lib.colors import HexColor
from reportlab.pdfgen.canvas import Canvas

from qr.lettering import printable
from qr.pdf import face
from reconciliation.reports.chart import SCALE, WIDTH, Drawing
from reconciliation.reports.paper.layout import MARGIN, Sheet, width_of

INK, LINE = HexColor("#17202E"), HexColor("#DDE2EA")
#: Colours of the series, in their order; a chart has two at most.
SERIES = (HexColor("#1552B5"), HexColor("#7E8899"))
#: Points of a unit of the drawing, at most: lengthwise paper would make the letters larger than the tables'.
LARGEST = 0.75
#: A chart takes no more of a page than this part of its height, so that it fits below the title.
HIGHEST = 0.6
#: Letters of a chart and the rounding of its corners, in units of the drawing.
LETTERS, ROUND = 13, 2
#: Letters of the title in points, room below them and below the chart.
TITLE, BELOW_TITLE, BELOW = 9.0, 5.0, 12.0


@dataclass(frozen=True, slots=True)
class Picture:
    """A chart from `top` down, in points; `scale`: points of a unit of the drawing."""

    top: float
    scale: float
    drawing: Drawing

    @property
    def height(self) -> float:
        """With its title, and what keeps the next thing apart."""
        return TITLE + BELOW_TITLE + self.drawing.height * self.scale + BELOW


def picture(drawing: Drawing, sheet: Sheet, top: float) -> Picture:
    """The chart as large as the paper lets it be."""
    scale = min(sheet.inner / WIDTH, sheet.height * HIGHEST / drawing.height, LARGEST)
    return Picture(top, scale, drawing)


def paint(canvas: Canvas, sheet: Sheet, one: Picture) -> None:
    """Title, the names of the series if there are several, and the chart below them."""
    canvas.saveState()
    canvas.translate(MARGIN, sheet.height - one.top - TITLE)
    _title(canvas, one.drawing)
    # from here on downwards in units of the drawing, as on the page; letters have to stand upright
    canvas.translate(0, -BELOW_TITLE)
    canvas.scale(one.scale, one.scale)
    _shapes(canvas, one.drawing)
    canvas.restoreState()


def _title(canvas: Canvas, drawing: Drawing) -> None:
    at, title = 0.0, printable(drawing.title)
    canvas.setFont(face("bold"), TITLE)
    canvas.setFillColor(INK)
    canvas.drawString(at, 0, title)
    at += width_of(title, TITLE, "bold") + TITLE
    canvas.setFont(face("regular"), TITLE)
    for number, name in enumerate(drawing.series if len(drawing.series) > 1 else ()):
        canvas.setFillColor(SERIES[number])
        canvas.roundRect(at, 0, TITLE * 0.75, TITLE * 0.75, 1, stroke=0, fill=1)
        canvas.setFillColor(INK)
        canvas.drawString(at + TITLE, 0, printable(name))
        at += 2 * TITLE + width_of(printable(name), TITLE)


def _shapes(canvas: Canvas, drawing: Drawing) -> None:
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(1)
    for y in drawing.lines:
        canvas.line(SCALE, -y, WIDTH, -y)
    for shape in drawing.shapes:
        canvas.setFillColor(SERIES[shape.series])
        corner = min(ROUND, shape.width / 2, shape.height / 2)
        bottom = -shape.y - shape.height
        canvas.roundRect(shape.x, bottom, shape.width, shape.height, corner, stroke=0, fill=1)
    canvas.setFillColor(INK)
    canvas.setFont(face("regular"), LETTERS)
    say = {
        "start": canvas.drawString, "middle": canvas.drawCentredString, "end": canvas.drawRightString,
    }  # fmt: skip
    for label in drawing.labels:
        say[label.anchor](label.x, -label.y, printable(label.text))
