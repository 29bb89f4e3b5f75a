"""Bytes before a message names them: taken in, known by their content, sealed, scanned. Afterwards see attachments.py."""
