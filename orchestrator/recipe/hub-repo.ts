/** A repository of the Hugging Face Hub, `owner/name`, by the rules of huggingface_hub's validate_repo_id. */
export const HUB_REPO = /^(?!.*(?:--|\.\.))(?!.*\.git$)(?=.{3,96}$)\w(?:[\w.-]*\w)?\/\w(?:[\w.-]*\w)?$/;
