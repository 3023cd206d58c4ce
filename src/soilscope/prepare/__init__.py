"""Preparation: still physical values."""
