"""A data set of NUS-WIDE's size, and all that is done with one, measured."""
