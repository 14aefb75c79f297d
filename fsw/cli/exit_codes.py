"""What a command ends with, and how its help says so."""

ERROR, BUG, INTERRUPTED = 2, 70, 130

EXIT_CODES = """\b
exit codes:
  0    done
  2    usage, or something that is not allowed: one line says what is
  130  interrupted by Ctrl-C; files are whole"""
