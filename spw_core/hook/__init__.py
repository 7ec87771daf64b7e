"""`spw-hook`, the command Claude Code runs at its events and for its status line.

Every module here is imported thousands of times a day by a process that lives a few
milliseconds, so each may import only `os`, `sys`, `time`, `gc`, `select` and `apsw`, and never
`from __future__`: even that is a file to find and read. `tests/test_hook_imports.py` holds the list.
"""
