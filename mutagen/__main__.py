"""``python -m mutagen``: the way in when a foreign ``mutagen`` command comes first on PATH."""

from __future__ import annotations

import sys

from torch_mutagen_boot import main

if __name__ == "__main__":
    sys.exit(main())
