"""TensorFlow Datasets builders of the benchmarks' official archives."""
