import { memorySecrets } from '@loopwright/module-sdk';
import type { Configuration } from '../config/settings.ts';
import type { ModuleSpec } from './module-spec.ts';

/** What the generation service is told about models. It goes over the init line; keys do not, see {@link modelSecrets}. */
export function modelEnvironment(configuration: Configuration): Record<string, string> {
  const values = {
    LOOPWRIGHT_LLM_CLAUDE: configuration.llmClaude,
    LOOPWRIGHT_LLM_OPENAI: configuration.llmOpenai,
    LOOPWRIGHT_LLM_KIMI: configuration.llmKimi,
    LOOPWRIGHT_MODEL: configuration.model,
    LOOPWRIGHT_FALLBACK_MODEL: configuration.fallbackModel,
    LOOPWRIGHT_ANTHROPIC_API_KEY_FILE: configuration.anthropicApiKeyFile,
    LOOPWRIGHT_ANTHROPIC_BASE_URL: configuration.anthropicBaseUrl,
    LOOPWRIGHT_OPENAI_API_KEY_FILE: configuration.openaiApiKeyFile,
    LOOPWRIGHT_OPENAI_BASE_URL: configuration.openaiBaseUrl,
    LOOPWRIGHT_MODEL_BASE_URL: configuration.modelBaseUrl,
    LOOPWRIGHT_MODEL_API_KEY_FILE: configuration.modelApiKeyFile,
    LOOPWRIGHT_MODEL_TIMEOUT_SECONDS: configuration.modelTimeoutSeconds,
    LOOPWRIGHT_MODEL_ATTEMPTS: configuration.modelAttempts,
    LOOPWRIGHT_MODEL_RETRY_DELAY_SECONDS: configuration.modelRetryDelaySeconds,
    LOOPWRIGHT_MODEL_MAX_OUTPUT_TOKENS: configuration.modelMaxOutputTokens,
    LOOPWRIGHT_PRICES_FILE: configuration.pricesFile,
    LOOPWRIGHT_GENERATOR_TOOLS_FILE: configuration.generatorToolsFile,
    LOOPWRIGHT_GENERATOR_DEPENDENCIES: configuration.generatorDependencies,
  };
  return Object.fromEntries(Object.entries(values).flatMap(([name, value]) => (value === null ? [] : [[name, String(value)]])));
}

/** The keys of models, which the generation service asks for: they stand in no environment, no init line and no log. */
export function modelSecrets(configuration: Configuration): Required<Pick<ModuleSpec, 'secrets' | 'permissions'>> {
  const keys = {
    ANTHROPIC_API_KEY: configuration.anthropicApiKey,
    OPENAI_API_KEY: configuration.openaiApiKey,
    LOOPWRIGHT_MODEL_API_KEY: configuration.modelApiKey,
  };
  const there = Object.entries(keys).flatMap(([name, value]): [string, string][] => (value === null ? [] : [[name, value]]));
  return { secrets: memorySecrets(new Map(there)), permissions: { secrets: Object.keys(keys) } };
}
