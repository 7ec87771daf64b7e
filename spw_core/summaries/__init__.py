"""Texts about a spec that are computed rather than stored."""
