"""Where the files beside the code are: in a checkout, or where a wheel has put them."""

from __future__ import annotations

import sys
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parent.parent


def resource(name: str) -> Path:
    """The absolute path of a file or folder such as `config/default.toml` or `translations`.

    Raises:
        FileNotFoundError: neither the checkout nor the installation has it.
    """
    for base in (CHECKOUT, Path(sys.prefix) / "share" / "passerelle"):
        if (base / name).exists():
            return base / name
    raise FileNotFoundError(f"{name} is neither in {CHECKOUT} nor under {sys.prefix}/share")
