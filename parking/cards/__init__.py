"""Numbered, reusable QR cards of a lot: custody of a vehicle in the driver's hand."""
