"""Monthly passes: parking paid for a time instead of by the stay."""
