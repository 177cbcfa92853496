"""What was sold, in the words that stand in the tax office's table and on an invoice."""

from __future__ import annotations

from parking.languages import mark

#: Accounting label of a payment → the name of the service.
SERVICES = {
    "parking:car": mark("Parking of a car"),
    "parking:motorbike": mark("Parking of a motorbike"),
    "parking:bicycle": mark("Parking of a bicycle"),
    "parking:mixed": mark("Parking of several vehicles"),
    "pass:car:day": mark("Monthly parking pass for a car, days"),
    "pass:car:full": mark("Monthly parking pass for a car, day and night"),
    "pass:motorbike:day": mark("Monthly parking pass for a motorbike, days"),
    "pass:motorbike:full": mark("Monthly parking pass for a motorbike, day and night"),
    "pass:bicycle:day": mark("Monthly parking pass for a bicycle, days"),
    "pass:bicycle:full": mark("Monthly parking pass for a bicycle, day and night"),
}

#: What one piece of a service is called.
TURN, PASS = mark("turn"), mark("pass")


def unit_of(product: str) -> str:
    """The unit of a service, as `TURN` or `PASS`."""
    return PASS if product.startswith("pass:") else TURN
