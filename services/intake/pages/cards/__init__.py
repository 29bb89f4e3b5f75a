"""Pages about one request: its card, its attachments, its papers, and the forms by which one is taken down."""
