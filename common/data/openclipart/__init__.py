"""Open Clip Art drawings: arrays, thumbnails and the script behind them."""
