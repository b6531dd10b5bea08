"""Command-line experiments: training, evaluation, search and benchmarks."""
