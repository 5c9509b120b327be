"""Wire method `hub.push`: a folder to the Hugging Face Hub.

The token is the one that huggingface_hub finds (HF_TOKEN, or its own login): no parameter, result or message has it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .errors import UserFault

LOOPBACK = ("localhost", "127.0.0.1", "::1")
# Weights of an earlier push under other names would be loaded beside, or instead of, the new ones.
WEIGHTS = ["*.safetensors", "*.safetensors.index.json"]
FIXES = {
    401: "set HF_TOKEN to a valid token with write access",
    402: "the account has no room for it: see its billing settings on the Hub",
    403: "use a token with write access to this repository or organisation",
    404: "check owner and name of the repository, and that the token may see it",
}


def push(params: dict[str, Any], host: Any = None) -> dict[str, Any]:
    """Uploads `folder` as one commit, into a repository that is made if it is not there; {commit_url, repo_url}.

    Raises UserFault for whatever goes wrong: it never names the token.
    """
    from huggingface_hub import constants, get_token
    from huggingface_hub.utils import disable_progress_bars

    check_endpoint(constants.ENDPOINT)
    token = get_token()
    if not token:
        fix = "set the environment variable HF_TOKEN to a token with write access, or run `hf auth login`"
        raise UserFault("hub-token", "there is no token for the Hugging Face Hub", fix)
    if not (token.isascii() and token.isprintable()):
        # An HTTP client would quote it in its complaint.
        raise UserFault("hub-token", "HF_TOKEN has characters that no token has", "set it again")
    disable_progress_bars()
    try:
        return upload(params, constants.ENDPOINT, token)
    except UserFault:
        raise
    except Exception as error:
        # Without the chain: requests and their headers hang on it.
        raise described(error, constants.ENDPOINT, token) from None


def check_endpoint(endpoint: str) -> None:
    """Raises UserFault where the token would travel unencrypted to another machine."""
    parts = urlsplit(endpoint)
    if parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK):
        return
    message = f"HF_ENDPOINT is {parts.scheme}://{parts.hostname}: the token would be sent to it unencrypted"
    raise UserFault("hub-endpoint", message, "use an https address")


def upload(params: dict[str, Any], endpoint: str, token: str) -> dict[str, Any]:
    from huggingface_hub import HfApi

    repo, private, revision = params["repo"], params["private"], params.get("revision")
    api = HfApi(endpoint=endpoint, token=token, library_name="vauto")
    url = api.create_repo(repo, private=private, exist_ok=True)
    # One that was there stays as visible as it was.
    if private and not api.model_info(repo).private:
        fix = "make it private on the Hub, push to another one, or push with --public (train.push.private: false)"
        raise UserFault("hub-public", f"{repo} is public, but what is pushed is to be private", fix)
    if revision is not None and not revision.startswith("refs/"):
        api.create_branch(repo, branch=revision, exist_ok=True)
    commit = api.upload_folder(
        repo_id=repo,
        folder_path=Path(params["folder"]),
        commit_message=params["message"],
        revision=revision,
        delete_patterns=WEIGHTS,
    )
    return {"commit_url": commit.commit_url, "repo_url": str(url)}


def described(error: Exception, endpoint: str, token: str) -> UserFault:
    """The failure in a sentence, with what to do about it."""
    import httpx
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    place = urlsplit(endpoint).hostname
    if isinstance(error, HfHubHTTPError) and error.response is not None:
        status = error.response.status_code
        told = f": {error.server_message}" if error.server_message else ""
        fix = FIXES.get(status, "try again later")
        code, message = "hub-refused", f"{place} answered {status}{told}"
    elif isinstance(error, OfflineModeIsEnabled):
        code, message, fix = "hub-offline", "HF_HUB_OFFLINE is set", "unset it to push"
    elif isinstance(error, (httpx.TransportError, ConnectionError)):
        code, message = "hub-unreachable", f"{place} cannot be reached: {error or type(error).__name__}"
        fix = "check the network, proxy settings and HF_ENDPOINT"
    else:
        code, message, fix = "hub-push", f"{type(error).__name__}: {error}", "try again"
    return UserFault(code, message.replace(token, "…"), fix)
