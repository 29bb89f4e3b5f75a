"""Pages about many requests: things to do, the register, its export, the hand-over of work."""
