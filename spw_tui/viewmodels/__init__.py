"""Pure functions from the core's records to the rows that lists draw. No Textual, no I/O."""
