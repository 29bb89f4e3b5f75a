"""The mail catcher: a real SMTP server that delivers nothing, shows every letter on a page, and can be told to fail.

Letters are kept in memory, the last `MOST_LETTERS` of them and no more than `MOST_BYTES`; they leave with the process.
"""
