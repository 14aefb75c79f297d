"""`fsw bench`: speeds as ratios to peers and limits measured in the same run.

One file a subject; each has `measure() -> list[Figure]`. A peer that is not installed is named in
the figure and its ratio left out; nothing is guessed.
"""
