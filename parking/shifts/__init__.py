"""Shifts of attendants and the cash they account for."""
