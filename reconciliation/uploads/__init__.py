"""Bank statements that people hand in: money that no feed told of, and lines to compare ours with.

A file is believed whole or refused whole (`reading`), shown before anything is recorded (`preview`),
then recorded in small transactions that a crash cannot leave half done (`service`). What a row is
to us stands in `meaning`, how the file becomes one statement a business day in `parts`.
"""
