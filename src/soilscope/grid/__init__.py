"""Grids: their reference system, areas and alignment."""
