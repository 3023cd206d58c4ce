"""A study: from a YAML file to results on disk."""
