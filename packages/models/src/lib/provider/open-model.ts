import type { LanguageModelV4 } from '@ai-sdk/provider';
import { PlatformError } from '@loopwright/protocol';
import type { ModelName, ModelProvider } from './model-name.ts';
import type { ProviderKeys } from './provider-keys.ts';

/** Where the providers are. */
interface ProviderUrls {
  readonly anthropic: string;
  readonly openai: string;
  /** Base URL of the OpenAI-compatible service; `null` when there is none. */
  readonly compatible: string | null;
}

/** What a model is opened with. */
export interface OpenModelParts {
  readonly keys: ProviderKeys;
  readonly urls: ProviderUrls;
  readonly fetch: typeof globalThis.fetch;
}

/** What to set so that a provider can be used. */
const TO_SET: Readonly<Record<ModelProvider, readonly string[]>> = {
  anthropic: ['ANTHROPIC_API_KEY', 'anthropic_api_key_file'],
  openai: ['OPENAI_API_KEY', 'openai_api_key_file'],
  compatible: ['model_base_url'],
};

/** Throws PROVIDER_NOT_CONFIGURED naming the settings that are missing, when the model behind a name cannot be opened. */
export function checkProvider({ provider }: Pick<ModelName, 'provider'>, { keys, urls }: Omit<OpenModelParts, 'fetch'>): void {
  // A file of a key that cannot be read is said here too, where the provider would do without a key.
  const apiKey = keys.of(provider);
  if (provider === 'compatible' ? urls.compatible === null : apiKey === undefined) throw notConfigured(provider);
}

/**
 * The model behind a name. Key and URL are always given: a provider's library would else take them from variables of the environment that are no settings of this server.
 * The libraries are read with the first model: most servers ask none, and they are large. Throws PROVIDER_NOT_CONFIGURED as {@link checkProvider} does.
 */
export async function openModel({ provider, model }: ModelName, { keys, urls, fetch }: OpenModelParts): Promise<LanguageModelV4> {
  const apiKey = keys.of(provider);
  if (provider === 'compatible') {
    if (urls.compatible === null) throw notConfigured(provider);
    const key = apiKey === undefined ? {} : { apiKey };
    const { createOpenAICompatible } = await import('@ai-sdk/openai-compatible');
    return createOpenAICompatible({ name: provider, baseURL: urls.compatible, fetch, includeUsage: true, ...key })(model);
  }
  if (apiKey === undefined) throw notConfigured(provider);
  if (provider === 'anthropic') {
    const { createAnthropic } = await import('@ai-sdk/anthropic');
    return createAnthropic({ apiKey, baseURL: urls.anthropic, fetch })(model);
  }
  const { createOpenAI } = await import('@ai-sdk/openai');
  // Chat completions and not responses: the latter keep what they were sent unless told otherwise.
  return createOpenAI({ apiKey, baseURL: urls.openai, fetch }).chat(model);
}

function notConfigured(provider: ModelProvider): PlatformError {
  const settings = [...TO_SET[provider]];
  return new PlatformError(
    'PROVIDER_NOT_CONFIGURED',
    `Cannot ask a model: the provider "${provider}" is not configured; set ${settings.join(' or ')}, then retry`,
    { details: { provider, settings } },
  );
}
