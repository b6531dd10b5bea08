"""Unsupervised Generative Adversarial Cross-modal Hashing (AAAI 2018)."""
