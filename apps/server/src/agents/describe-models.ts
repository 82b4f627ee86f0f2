import { MODEL_PROVIDERS, type ModelClient, parseModelName } from '@loopwright/models';
import { type ExecutionPlan, type ModelProviders, PlatformError, type ServerSetting } from '@loopwright/protocol';

/** What can say whether a model may be asked. */
export type ModelAccess = Pick<ModelClient, 'modelFor' | 'whyNot'>;

/** The settings as they are, of which those count that name models. */
export type ModelSettings = readonly Pick<ServerSetting, 'key' | 'value'>[];

/** The settings that name models, and what asks those. */
const USES = {
  model: 'Agents of runs',
  fallback_model: 'Agents of runs, when the provider of the first one fails',
  llm_claude: 'The generation service, for plans that say claude',
  llm_openai: 'The generation service, for plans that say openai',
  llm_kimi: 'The generation service, for plans that say kimi',
} as const;

/** Which providers and models can be asked as the server is set up. Nobody is asked for it, and no key is shown. */
export function describeModels(models: ModelAccess, settings: ModelSettings): ModelProviders {
  return {
    providers: MODEL_PROVIDERS.map((provider) => {
      const reason = reasonOf(models.whyNot({ provider, model: 'any' }));
      return { provider, configured: reason === null, reason };
    }),
    models: Object.entries(USES).map(([setting, used_for]) => {
      const model = modelSet(settings, setting);
      const reason = model === null && setting !== 'model' ? 'none is set' : whyNoModel(models, model);
      return { setting, used_for, model, usable: reason === null, reason };
    }),
  };
}

/** Why an agent cannot ask a model, that which is set unless it names its own; `null` when it can. */
export function whyNoModel(models: ModelAccess, override: string | null): string | null {
  try {
    return reasonOf(models.whyNot(override === null ? models.modelFor(null) : parseModelName(override)));
  } catch (error) {
    if (error instanceof PlatformError) return reasonOf(error);
    throw error;
  }
}

/**
 * Why the generation service cannot ask a model for a plan with these names, as it chooses (`generator/models/choose-models.ts`): one of the plan's, else one of the
 * agents of runs; `null` when it can. The reason is that of the first one.
 */
export function whyNotGenerated(
  { models, settings }: { readonly models: ModelAccess; readonly settings: ModelSettings },
  { primary_llm: primary, fallback_llm: fallback }: Pick<ExecutionPlan, 'primary_llm' | 'fallback_llm'>,
): string | null {
  const plan = fallback === null ? [primary] : [primary, fallback];
  const named = [...plan.map((name) => `llm_${name}`), 'model', 'fallback_model'].flatMap((key) => modelSet(settings, key) ?? []);
  const reasons = named.map((name) => whyNoModel(models, name));
  return reasons.includes(null) ? null : (reasons[0] ?? 'no model is set');
}

function modelSet(settings: ModelSettings, key: string): string | null {
  const value = settings.find((setting) => setting.key === key)?.value;
  return typeof value === 'string' ? value : null;
}

/** What is behind "Cannot ask a model:", which whoever shows a reason has said already. */
function reasonOf(error: PlatformError | undefined): string | null {
  return error?.message.replace(/^Cannot ask a model: /, '').replace(/, then retry$/, '') ?? null;
}
