"""What people wrote about pictures: files of captions or labels.

`reading.read` opens a file of any of the forms; there is a module for each.
`folder.resolve` finds the pictures that it names, and `rows.build` makes
arrays of a data set of both.
"""
