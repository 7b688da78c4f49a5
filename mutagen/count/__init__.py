"""Parameters, buffers and multiply-adds of a live model."""
