"""Encoding and exact neighbours as jobs of many tasks on Apache Beam."""
