export { type ProviderTransport, openProviderTransport } from './lib/provider/bounded-fetch.ts';
export type { Conversation, ConversationReply, ConversationTurn, ModelTool, ModelToolCall } from './lib/provider/conversation.ts';
export type { ModelReply, ModelRequest } from './lib/provider/model-call.ts';
export { ModelClient, type ModelClientOptions } from './lib/provider/model-client.ts';
export { MODEL_PROVIDERS, type ModelName, modelNameSchema, parseModelName } from './lib/provider/model-name.ts';
export { ProviderKeys } from './lib/provider/provider-keys.ts';
export { PriceTable } from './lib/money/price-table.ts';
export { NANOS, usdText } from './lib/money/usd.ts';
export { DATA_BLOCK_RULE, dataBlock } from './lib/prompt/data-block.ts';
