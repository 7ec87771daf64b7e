"""Registering the hooks with Claude Code: `settings` is what is registered and the file it goes into,
`json_edit` the edits that leave every other byte of that file alone."""
