"""The methods that the three papers compare with, one file a method."""
