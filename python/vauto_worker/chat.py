"""Messages to prompt text, by the model's own chat template; engine and trainer both come through here."""

from __future__ import annotations

from typing import Any, Protocol


class TemplateOwner(Protocol):
    """A tokenizer or processor."""

    def apply_chat_template(self, conversation: list[dict[str, Any]], **kwargs: Any) -> Any: ...


def prompt_text(owner: TemplateOwner, messages: list[dict[str, Any]]) -> str:
    """The prompt up to where the assistant begins; each image or video part has become its single placeholder.

    `messages` are in the form of the wire: [{role, content: [{type: text, text} | {type: video|image}]}].
    """
    conversation = [{"role": message["role"], "content": content(message["content"])} for message in messages]
    return owner.apply_chat_template(conversation, tokenize=False, add_generation_prompt=True)


def content(parts: list[dict[str, Any]] | str) -> list[dict[str, Any]] | str:
    """A turn of text alone becomes a string, which every template takes; some take nothing else for the system turn."""
    if isinstance(parts, str):
        return parts
    if all(part["type"] == "text" for part in parts):
        return "".join(part["text"] for part in parts)
    return list(parts)


def check_media(messages: list[dict[str, Any]], media: list[dict[str, Any]]) -> None:
    """Raises ValueError when the parts and the media do not match, kind by kind in order."""
    kinds = [
        part["type"]
        for message in messages
        if not isinstance(message["content"], str)
        for part in message["content"]
        if part["type"] != "text"
    ]
    if kinds != [medium["kind"] for medium in media]:
        raise ValueError(f"messages have the parts {kinds}, media are {[medium['kind'] for medium in media]}")
