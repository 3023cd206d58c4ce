"""Synthetic studies whose truth is known."""
