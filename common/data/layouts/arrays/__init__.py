"""Names that projects give their arrays, one declaration a file."""
