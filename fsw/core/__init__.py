"""The seam to the C core: the only room that imports the compiled module.

Every function here checks before it crosses, copies nothing it need not, and raises
`fsw.core.errors.FswError` (or a child) on what the caller got wrong.
"""
