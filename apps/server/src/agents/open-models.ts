import type { Clock, Random } from '@loopwright/protocol';
import type { Configuration } from '../config/settings.ts';
import { openProviderTransport } from './provider/bounded-fetch.ts';
import { ModelClient } from './provider/model-client.ts';
import { ProviderKeys } from './provider/provider-keys.ts';

/** The client of the configured models and the connections behind it. */
export interface OpenModels extends AsyncDisposable {
  readonly models: ModelClient;
}

/** Opens what the settings say about models. Nothing is asked, and no key is read, before an agent is called. */
export function openModels(configuration: Configuration, { clock, random }: { clock: Clock; random: Random }): OpenModels {
  const transport = openProviderTransport();
  const { anthropicApiKey, anthropicApiKeyFile, openaiApiKey, openaiApiKeyFile, modelApiKey, modelApiKeyFile } = configuration;
  const models = new ModelClient({
    keys: new ProviderKeys({
      anthropic: { key: anthropicApiKey, file: anthropicApiKeyFile },
      openai: { key: openaiApiKey, file: openaiApiKeyFile },
      compatible: { key: modelApiKey, file: modelApiKeyFile },
    }),
    urls: {
      anthropic: configuration.anthropicBaseUrl,
      openai: configuration.openaiBaseUrl,
      compatible: configuration.modelBaseUrl,
    },
    fetch: transport.fetch,
    model: configuration.model,
    fallback: configuration.fallbackModel,
    timeoutMs: configuration.modelTimeoutSeconds * 1000,
    attempts: configuration.modelAttempts,
    retryDelayMs: configuration.modelRetryDelaySeconds * 1000,
    clock,
    random,
  });
  return { models, [Symbol.asyncDispose]: () => transport[Symbol.asyncDispose]() };
}
