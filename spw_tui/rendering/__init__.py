"""Documents to lines. Pure: text in, Rich segments out; runs in a worker thread in slices of time."""
