"""From results on disk to figures, tables and a page."""
