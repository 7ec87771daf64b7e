"""The memory of the agents: what transcripts say, what they are about, what became of it."""
