import { type ModelClient, type ModelName, parseModelName } from '@loopwright/models';
import { type ExecutionPlan, PlatformError } from '@loopwright/protocol';
import type { ModelConfiguration } from './model-configuration.ts';

/** What to set so that a plan's provider can be asked. */
const TO_SET = {
  claude: 'ANTHROPIC_API_KEY (or LOOPWRIGHT_ANTHROPIC_API_KEY_FILE)',
  openai: 'OPENAI_API_KEY (or LOOPWRIGHT_OPENAI_API_KEY_FILE)',
  kimi: 'LOOPWRIGHT_MODEL_BASE_URL with LOOPWRIGHT_MODEL_API_KEY',
} as const;

/**
 * The models that a plan wants, its first one first, without those whose provider is not configured; those of the setup when none of them is.
 *
 * @throws PROVIDER_NOT_CONFIGURED with what to set
 */
export function chooseModels(
  { primary_llm: primary, fallback_llm: fallback }: Pick<ExecutionPlan, 'primary_llm' | 'fallback_llm'>,
  configuration: ModelConfiguration,
  client: ModelClient,
): readonly ModelName[] {
  const byPlan = {
    claude: configuration.LOOPWRIGHT_LLM_CLAUDE,
    openai: configuration.LOOPWRIGHT_LLM_OPENAI,
    kimi: configuration.LOOPWRIGHT_LLM_KIMI,
  };
  const wanted = fallback === null ? [primary] : [primary, fallback];
  const chosen = usable(
    wanted.map((name) => byPlan[name]),
    client,
  );
  if (chosen.length > 0) return chosen;
  const others = usable(
    [configuration.LOOPWRIGHT_MODEL, configuration.LOOPWRIGHT_FALLBACK_MODEL].filter((name) => name !== null),
    client,
  );
  if (others.length > 0) return others;
  const settings = [...new Set(wanted)].map((name) => TO_SET[name]);
  throw new PlatformError(
    'PROVIDER_NOT_CONFIGURED',
    `Cannot ask a model: no provider is configured for ${wanted.map((name) => `"${name}"`).join(' or ')}; set ${settings.join(', or ')}, or LOOPWRIGHT_MODEL; or set metadata.agent to "induction" and give metadata.examples`,
    { details: { primary_llm: primary, fallback_llm: fallback, settings } },
  );
}

function usable(names: readonly string[], client: ModelClient): ModelName[] {
  return [...new Set(names)].map(parseModelName).filter((name) => client.whyNot(name) === undefined);
}
