"""Synthetic data written as the files of real products: names, units, packing, oddities."""
