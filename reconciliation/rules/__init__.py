"""What people decided once for many lines: which ones are no business of parking."""
