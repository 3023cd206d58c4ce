"""The kinds of figures, one a file; `catalogue.FIGURES` lists them."""
