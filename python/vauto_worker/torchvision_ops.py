"""Makes torchvision importable where its compiled operators do not load.

PyPI's torchvision wheel is a CUDA build. With CPU torch its operators are missing, and `import torchvision` fails
with "operator torchvision::nms does not exist", although the pure-Python transforms (all that transformers'
processors use) need none of them. Declaring the two operators that torchvision registers fakes for is enough.

vLLM starts further processes, so the repair must hold in each: `install_hook` copies this file into site-packages with
a `.pth` beside it. Without torchvision in a process the hook costs one comparison an import, and where the operators do
load it changes nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from types import ModuleType

# torchvision imports this module before anything that needs an operator; it is the one that tries to load them.
_EXTENSION = "torchvision.extension"
_SIGNATURE = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"
_OPERATORS = ("nms", "qnms")
_HOOK_MODULE = "_vauto_torchvision_ops"

# torch forgets definitions whose library object is collected.
_library: object | None = None


class _ExtensionLoader(Loader):
    """Runs torchvision.extension as it is, then declares what is missing."""

    def __init__(self, inner: Loader) -> None:
        self._inner = inner

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._inner.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._inner.exec_module(module)
        if not module._has_ops():
            declare_missing()


class _ExtensionFinder(MetaPathFinder):
    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != _EXTENSION:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _ExtensionLoader(spec.loader)
        return spec


def declare_missing() -> list[str]:
    """Declares the operators that torch does not know, without an implementation; returns their names."""
    global _library
    import torch

    missing = [name for name in _OPERATORS if not hasattr(torch.ops.torchvision, name)]
    if missing:
        library = torch.library.Library("torchvision", "FRAGMENT")
        for name in missing:
            library.define(name + _SIGNATURE)
        _library = library
    return missing


def activate() -> None:
    """Puts the import hook into this process; a second call does nothing."""
    if _EXTENSION not in sys.modules and not any(
        type(finder).__name__ == "_ExtensionFinder" for finder in sys.meta_path
    ):
        sys.meta_path.insert(0, _ExtensionFinder())


def install_hook(site_packages: Path | None = None) -> Path:
    """Makes every process of this interpreter's environment run `activate` at its start; returns the `.pth` file."""
    if site_packages is None:
        import sysconfig

        site_packages = Path(sysconfig.get_paths()["purelib"])
    (site_packages / f"{_HOOK_MODULE}.py").write_text(Path(__file__).read_text(encoding="utf-8"), encoding="utf-8")
    pth = site_packages / f"{_HOOK_MODULE}.pth"
    pth.write_text(f"import {_HOOK_MODULE}; {_HOOK_MODULE}.activate()\n", encoding="utf-8")
    return pth


if __name__ == "__main__":
    print(install_hook())
