"""Hostile input for servers and clients: near the grammar, and in strange pieces."""
