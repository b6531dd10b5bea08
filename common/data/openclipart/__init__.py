"""Open Clip Art drawings: arrays, thumbnails and how they were made."""
