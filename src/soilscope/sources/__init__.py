"""File layouts of products: each opens as a Dataset with our names and units."""
