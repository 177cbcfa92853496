"""What every page shares: language, formats, forms, headers, error pages, health.

Pages themselves stand in the room of their audience (`driver`, `attendant`, `finance`, `admin`).
"""
