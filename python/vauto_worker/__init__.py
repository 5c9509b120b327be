"""What vauto needs of Python: vLLM rollouts, TRL training, math-verify and media, called over the bridge.

Importing this package is cheap; each module imports its libraries only when it is used.
"""

__version__ = "0.1.0"
