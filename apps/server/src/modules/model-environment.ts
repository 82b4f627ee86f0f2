import type { Configuration } from '../config/settings.ts';

/** What the generation service is told about models. It goes over the init line, so no key stands in the environment of a process. */
export function modelEnvironment(configuration: Configuration): Record<string, string> {
  const values = {
    LOOPWRIGHT_LLM_CLAUDE: configuration.llmClaude,
    LOOPWRIGHT_LLM_OPENAI: configuration.llmOpenai,
    LOOPWRIGHT_LLM_KIMI: configuration.llmKimi,
    LOOPWRIGHT_MODEL: configuration.model,
    LOOPWRIGHT_FALLBACK_MODEL: configuration.fallbackModel,
    ANTHROPIC_API_KEY: configuration.anthropicApiKey,
    LOOPWRIGHT_ANTHROPIC_API_KEY_FILE: configuration.anthropicApiKeyFile,
    LOOPWRIGHT_ANTHROPIC_BASE_URL: configuration.anthropicBaseUrl,
    OPENAI_API_KEY: configuration.openaiApiKey,
    LOOPWRIGHT_OPENAI_API_KEY_FILE: configuration.openaiApiKeyFile,
    LOOPWRIGHT_OPENAI_BASE_URL: configuration.openaiBaseUrl,
    LOOPWRIGHT_MODEL_BASE_URL: configuration.modelBaseUrl,
    LOOPWRIGHT_MODEL_API_KEY: configuration.modelApiKey,
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
