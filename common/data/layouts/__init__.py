"""Step two of reading, recognise: which array is what.

A layout whose arrays tell by their names is a declaration, a file of its own
in `arrays`; list it in `recognition`. One that is a folder of other files has
a reader in `folders`.
"""
