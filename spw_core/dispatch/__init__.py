"""The steps of a workflow: open a run, brief a subagent, hand off, audit, log, close a wave, mark a task.

Each step first does its work on files, completely and atomically, and then tells the database. Trouble with
the database is a warning and never undoes or delays the step: the files are the truth for as long as they
are there, and the next harvest makes up for what the database missed.

Agents call the first steps all the time, so `runs`, `briefs`, `files` and `notes` import next to nothing.
"""
