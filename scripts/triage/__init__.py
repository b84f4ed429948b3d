"""Generated repositories with one known fault each, for training and testing the embedded model."""
