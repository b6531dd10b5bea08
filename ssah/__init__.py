"""SSAH: Self-Supervised Adversarial Hashing (CVPR 2018)."""
