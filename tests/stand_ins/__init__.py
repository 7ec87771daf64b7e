"""Stores made of dicts, for the protocols of `spw_core.store.memory`: what stands in must behave as these."""
