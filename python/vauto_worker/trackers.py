"""Wire method `trackers.replay`: the recorded numbers of a training, given to a tracker as the training would have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from .errors import UserFault


def replay(params: dict[str, Any], host: Any = None) -> dict[str, Any]:
    """Feeds the steps to the callback that `report_to` would have used; {steps}.

    Raises UserFault when the tracker's package is not installed. Where it writes and with what key is decided by its
    own environment variables; TensorBoard's files go into `folder`.
    """
    from transformers import TrainerControl, TrainerState, TrainingArguments
    from transformers.integrations import get_reporting_integration_callbacks

    folder = Path(params["folder"])
    try:
        (make,) = get_reporting_integration_callbacks([params["tracker"]])
        callback = make()
    except (RuntimeError, ImportError) as error:
        fix = f"pip install {params['tracker']} in the environment of `vauto doctor`"
        raise UserFault("tracker", str(error).strip(), fix, "dependency") from error
    if hasattr(callback, "logging_dir") and callback.logging_dir is None:
        callback.logging_dir = str(folder)
    names = {"run_name": params["run_name"], "project": params["project"]}
    args = TrainingArguments(output_dir=str(folder), report_to="none", use_cpu=True, **names)
    state, control = TrainerState(is_world_process_zero=True), TrainerControl()
    # Trackers read the model's settings where there is one; here only its numbers are known.
    callback.on_train_begin(args, state, control, model=None)
    for row in params["steps"]:
        state.global_step = row["step"]
        logs = {name: value for name, value in row["metrics"].items() if value is not None}
        callback.on_log(args, state, control, model=None, logs=logs)
    callback.on_train_end(args, state, control, model=None)
    return {"steps": len(params["steps"])}
