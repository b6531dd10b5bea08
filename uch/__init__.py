"""UCH: Coupled CycleGAN, unsupervised cross-modal hashing (AAAI 2019)."""
