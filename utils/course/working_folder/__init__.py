"""A student's own folder: the notebooks are laid into it without outputs, brought up to date, and handed in.

What a student wrote is never overwritten and never lost, at whatever moment a process is killed. This room executes
no notebook and judges no answer.
"""
