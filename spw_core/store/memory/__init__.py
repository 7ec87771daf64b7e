"""What the agents of a workspace said and learned: sessions, messages, summaries, knowledge.

`protocols` has the interfaces, `types` what goes in and out, `stores` opens them together. One rule for all
calls: a `limit` of None means all, 0 nothing, and less than 0 is refused; equal times keep the order in
which things were put; the errors are NotFound, Conflict, InvalidInput, and StoreError for the database.
"""
