"""Closing a business day of an operator: certified figures, named exceptions, reopening by two people."""
