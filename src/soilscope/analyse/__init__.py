"""Methods: labelled data in, a Dataset of statistics out."""
