"""Coupled CycleGAN hashing (UCH, AAAI 2019): not implemented yet."""
