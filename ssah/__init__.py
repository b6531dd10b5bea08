"""Self-Supervised Adversarial Hashing (SSAH, CVPR 2018): not landed yet."""
