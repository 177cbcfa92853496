"""Seals: a chain of digests over everything that was written down, in the order it was."""
