"""Wire methods `env.describe` and `env.engine_arguments`: what is installed, read without importing it.

Importing vLLM and TRL takes 15 seconds, which a check before a run must not cost; their option classes are read as
text.
"""

from __future__ import annotations

import ast
import importlib.util
import platform
from importlib.metadata import distributions, version
from pathlib import Path
from typing import Any


def describe(params: dict[str, Any], host: Any = None) -> dict[str, Any]:
    """Versions of all installed packages, and the device that torch computes on."""
    packages = {found.metadata["Name"]: found.version for found in distributions()}
    return {
        "python": platform.python_version(),
        "platform": platform.platform(),
        "packages": dict(sorted(packages.items())),
        "device": device(),
    }


def device() -> str:
    """`cpu`, or the visible GPUs (`cuda:0 NVIDIA H200, cuda:1 …`)."""
    if version("torch").endswith("+cpu"):
        return "cpu"
    import torch

    names = [f"cuda:{index} {torch.cuda.get_device_name(index)}" for index in range(torch.cuda.device_count())]
    return ", ".join(names) or "cpu"


def engine_arguments(params: dict[str, Any], host: Any = None) -> dict[str, Any]:
    """Field names of vLLM's EngineArgs and of TRL's GRPOConfig as installed."""
    return {
        "engine": option_names("vllm.engine.arg_utils", "EngineArgs"),
        "trl": option_names("trl.trainer.grpo_config", "GRPOConfig"),
    }


def option_names(module: str, class_name: str) -> list[str]:
    """Fields of a dataclass and its base classes, read from the source. Raises LookupError when there are none."""
    names = sorted(set(_fields(module, class_name)))
    if not names:
        raise LookupError(f"{module}.{class_name} has no fields")
    return names


def _fields(module: str, class_name: str) -> list[str]:
    tree = ast.parse(_source(module))
    found = next((node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == class_name), None)
    if found is None:
        origin = _imported_from(tree, module, class_name)
        return _fields(*origin) if origin else []
    own = [
        node.target.id
        for node in found.body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and not ast.unparse(node.annotation).startswith("ClassVar")
    ]
    bases = [_fields(module, base.id) for base in found.bases if isinstance(base, ast.Name)]
    return own + [name for fields in bases for name in fields]


def _imported_from(tree: ast.Module, module: str, name: str) -> tuple[str, str] | None:
    """Module and original name behind a `from … import name`, of packages that are installed."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.ImportFrom):
            continue
        for alias in node.names:
            if (alias.asname or alias.name) == name:
                origin = node.module or ""
                if node.level:
                    origin = ".".join([*module.split(".")[: -node.level], *([origin] if origin else [])])
                return _defining_module(origin, alias.name), alias.name
    return None


def _defining_module(module: str, name: str) -> str:
    # transformers re-exports lazily from its top; the class itself is here.
    return {("transformers", "TrainingArguments"): "transformers.training_args"}.get((module, name), module)


def _source(module: str) -> str:
    """Text of a module, found without importing its packages."""
    top, *rest = module.split(".")
    spec = importlib.util.find_spec(top)
    if spec is None or not spec.submodule_search_locations:
        raise LookupError(f"{top} is not installed")
    file = Path(next(iter(spec.submodule_search_locations)), *rest)
    for candidate in (file.with_suffix(".py"), file / "__init__.py"):
        if candidate.is_file():
            return candidate.read_text(encoding="utf-8")
    raise LookupError(f"no source of {module}")
