"""Proves that an environment works: `python -m vauto_worker.proof` imports what vauto uses and prints its versions."""

from __future__ import annotations

import json
import os
import re
import sys
from importlib.metadata import distributions


def prove() -> dict[str, str]:
    """Imports the parts that have failed somewhere; returns the versions of all packages."""
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    import av  # noqa: F401
    import math_verify  # noqa: F401
    import torchvision.transforms.v2  # noqa: F401
    import vllm  # noqa: F401
    from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration  # noqa: F401
    from trl import GRPOConfig, GRPOTrainer  # noqa: F401

    return versions()


def versions() -> dict[str, str]:
    """Versions of all installed packages, by name in pip's normal form."""
    return {re.sub(r"[-_.]+", "-", found.metadata["Name"]).lower(): found.version for found in distributions()}


if __name__ == "__main__":
    from vauto_worker.torchvision_ops import activate

    activate()
    json.dump(versions() if "--versions" in sys.argv else prove(), sys.stdout)
