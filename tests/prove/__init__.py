"""Long proofs, run by `make prove`."""
