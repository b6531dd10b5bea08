"""Step one of reading, open: what arrays a file holds, before any is read.

Files come from anywhere, so nothing that they declare is believed: sizes are
held against the file's own and against the memory there is before anything is
allocated, indices are checked before they are used, and a file can name no
other file. What is wrong is a ValueError of one sentence.
"""
