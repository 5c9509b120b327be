/** A repository of the Hugging Face Hub, `owner/name`, in the characters that it allows. */
export const HUB_REPO = /^[A-Za-z0-9][\w.-]*\/[A-Za-z0-9][\w.-]*$/;
