"""Finding by words, suggestions, requests that say the same, and the table to take away: what the desk does with what people wrote.

`normal`, `marks`, `alike` and `suggestions` are pure. `index` keeps the blind index behind the registration, `search` asks it
(docs/decisions/0027), `export` makes files of the register's rows.
"""
