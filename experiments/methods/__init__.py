"""What the three methods' training commands share."""
