/** Prompt → chat messages: the texts that the model is trained and evaluated with, hashed. */
export { type Beginnings, beginningOf, opensThinking } from './beginnings.js';
export {
  type Chat,
  type ChatMessage,
  type ChatPart,
  chatMessages,
  messagesFor,
  systemMessage,
  userText,
} from './chat.js';
export {
  ANSWER_SUFFIXES,
  type Prompting,
  type PromptingMode,
  SYSTEM_PROMPTS,
  systemPrompt,
  templateHash,
} from './templates.js';
