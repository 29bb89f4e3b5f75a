"""An older register becomes events (docs/import.md). Pure: `mapping` says how its file is read, `rows` reads it, `cases` makes facts."""
