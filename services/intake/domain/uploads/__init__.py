"""What an uploaded file is, and which kinds are taken. Pure."""
