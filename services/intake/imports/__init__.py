"""An older register becomes events (docs/import.md). Pure: `mapping` says how to read its file, `rows` reads it, `cases` makes the facts."""
