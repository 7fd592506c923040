"""What the reference section is made of: each module makes a part of a page.

`requirements`, `mistakes` (of the zoo),
`errors`, `commands` (of the command line), `reports`, `api`, `transcripts`, `labs`,
`whole` (the specification on one page).
"""
