"""Makes the embedded arrays again; only a clone holds it, no installed package.

Words and labels come from the drawings' metadata, features from ONNX Runtime.
"""
