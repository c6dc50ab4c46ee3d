"""The dashboard, served: a notebook that Voilà runs for each reader, over what was published.

The server finds who looks, and hands the reader's kernel the published cells that are his; the kernel knows no lake.
"""
