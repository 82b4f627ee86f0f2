import type {
  LanguageModelV4,
  LanguageModelV4FinishReason,
  LanguageModelV4GenerateResult,
  LanguageModelV4Usage,
} from '@ai-sdk/provider';
import type { JsonObject } from '@loopwright/protocol';
import type { ModelName, ModelProvider } from './model-name.ts';

/** What a model is asked. */
export interface ModelRequest {
  /** Who the model is and what its rules are. */
  readonly system: string;
  readonly prompt: string;
  /** JSON Schema of the answer; providers that can are told to keep to it, none is trusted to. */
  readonly schema: JsonObject;
  /** Most tokens of the answer. */
  readonly maxOutputTokens: number;
}

/** Tokens of one call as the provider counts them; `null` where it did not say. */
interface TokenUsage {
  /** All tokens of the prompt, cached ones included. */
  readonly input: number | null;
  readonly output: number | null;
  /** Tokens of the prompt that came from the provider's cache. */
  readonly cachedInput: number;
  /** Tokens of the prompt that were written to it. */
  readonly cacheWrite: number;
}

/** What a model answered. */
export interface ModelReply extends ModelName {
  readonly text: string;
  /** Why it ended: by itself, at the limit of tokens, because it or a filter declined, or something else. */
  readonly finish: 'stop' | 'length' | 'refused' | 'other';
  readonly usage: TokenUsage;
}

/** What makes each provider keep to the schema without refusing the parts of JSON Schema that its own strict mode does not know. */
export const PROVIDER_OPTIONS = {
  openai: { strictJsonSchema: false, store: false },
  anthropic: { structuredOutputMode: 'jsonTool' },
} as const;

/** Asks a model once. Throws what the provider's library throws. */
export async function callModel(
  name: ModelName,
  model: LanguageModelV4,
  { system, prompt, schema, maxOutputTokens }: ModelRequest,
  signal: AbortSignal,
): Promise<ModelReply> {
  const result = await model.doGenerate({
    prompt: [
      { role: 'system', content: system },
      { role: 'user', content: [{ type: 'text', text: prompt }] },
    ],
    responseFormat: { type: 'json', ...(takesSchema(name.provider) ? { schema } : {}) },
    maxOutputTokens,
    abortSignal: signal,
    providerOptions: PROVIDER_OPTIONS,
  });
  return { ...name, text: textOf(result), finish: finishOf(result.finishReason), usage: usageOf(result.usage) };
}

/** Many compatible services refuse a schema; all of them read the one in the prompt. */
function takesSchema(provider: ModelProvider): boolean {
  return provider !== 'compatible';
}

function textOf({ content, structuredOutputText }: LanguageModelV4GenerateResult): string {
  return structuredOutputText ?? content.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** Why an answer ended, as the provider's library says it. */
export function finishOf({ unified }: LanguageModelV4FinishReason): ModelReply['finish'] {
  if (unified === 'content-filter') return 'refused';
  if (unified === 'stop' || unified === 'length') return unified;
  // What is asked for is carried as a tool, always or where a provider has no other way.
  return unified === 'tool-calls' ? 'stop' : 'other';
}

/** What was used, as the provider's library says it. */
export function usageOf({ inputTokens, outputTokens }: LanguageModelV4Usage): TokenUsage {
  return {
    input: countOf(inputTokens.total),
    output: countOf(outputTokens.total),
    cachedInput: countOf(inputTokens.cacheRead) ?? 0,
    cacheWrite: countOf(inputTokens.cacheWrite) ?? 0,
  };
}

/** A count that can be added up: providers are not trusted to send whole numbers. */
function countOf(value: number | undefined): number | null {
  return value !== undefined && Number.isSafeInteger(value) && value >= 0 && value <= 1_000_000_000 ? value : null;
}
