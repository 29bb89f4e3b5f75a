"""`python -m local.healthy PORT`: the health check of a container; ends with 0 when the process on that port says it is ready."""

from __future__ import annotations

import sys

from local.processes import healthy

if __name__ == "__main__":
    sys.exit(not healthy(f"http://127.0.0.1:{sys.argv[1]}/health/ready"))
