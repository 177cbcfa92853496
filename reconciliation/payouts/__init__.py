"""Payout leg: the lines of the provider's files and the payouts that carry their money.

A payout pays for the lines that name it; and, where the provider's files are made so, for the lines of
its own file that name none, and of files before it that had no payout. That the lines make exactly
what is paid out is a match; every other sum is a difference.
"""
