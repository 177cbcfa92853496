"""Commands that belong to no single room; each file is a noun. The others live in their rooms."""
