/** An OpenAI-compatible server in front of vLLM: asks the way the model was trained, stops at a sure first answer. */
export type { Conversation } from './conversation.js';
export { type LocalServer, type LocalServerOptions, startLocalServer } from './local-server.js';
export type { MediaRules } from './media.js';
export { type Policy, policies } from './request.js';
export { type GatewayOptions, type RunningGateway, startGateway } from './server.js';
