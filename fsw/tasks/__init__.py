"""Command and data handling on board: one task, one file.

A task is a run-to-completion state machine (`fsw.kernel.scheduler.Task`): one message in, actions
out. It reads no clock, socket or device; the ports it emits to are wired to hardware by its vehicle.
Tasks know each other only by name and by the messages of `fsw.tasks.messages`.
"""
