"""The course site: its pages are put together here, and then MkDocs builds them.

Reading order: `pages` (what pages there are, and from which file each comes),
`markdown` (what is a heading and what is code), `here` (what a page asks for by
`<!-- here: ... -->`, and who makes it), `parity` (whether the two languages agree),
`building` (all of it laid out, and built).
"""
