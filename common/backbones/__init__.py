"""Image networks from pixels to features, which methods train further.

Each takes float32 RGB pixels in 0..255, [n, height, width, 3], and resizes and
centres them itself, so that an exported model takes raw pixels.
"""
