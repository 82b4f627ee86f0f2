import { MODEL_PROVIDERS, type ModelClient, parseModelName } from '@loopwright/models';
import { type ModelProviders, PlatformError, type ServerSetting } from '@loopwright/protocol';

/** What can say whether a model may be asked. */
export type ModelAccess = Pick<ModelClient, 'modelFor' | 'whyNot'>;

/** The settings that name models, and what asks those. */
const USES = {
  model: 'Agents of runs',
  fallback_model: 'Agents of runs, when the provider of the first one fails',
  llm_claude: 'The generation service, for plans that say claude',
  llm_openai: 'The generation service, for plans that say openai',
  llm_kimi: 'The generation service, for plans that say kimi',
} as const;

/** Which providers and models can be asked as the server is set up. Nobody is asked for it, and no key is shown. */
export function describeModels(models: ModelAccess, settings: readonly ServerSetting[]): ModelProviders {
  const valueOf = (key: string): unknown => settings.find((setting) => setting.key === key)?.value;
  return {
    providers: MODEL_PROVIDERS.map((provider) => {
      const reason = reasonOf(models.whyNot({ provider, model: 'any' }));
      return { provider, configured: reason === null, reason };
    }),
    models: Object.entries(USES).map(([setting, used_for]) => {
      const value = valueOf(setting);
      const model = typeof value === 'string' ? value : null;
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

/** What is behind "Cannot ask a model:", which whoever shows a reason has said already. */
function reasonOf(error: PlatformError | undefined): string | null {
  return error?.message.replace(/^Cannot ask a model: /, '').replace(/, then retry$/, '') ?? null;
}
