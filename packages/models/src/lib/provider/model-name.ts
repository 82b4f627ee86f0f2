import { z } from 'zod';

/** The kinds of model providers. `compatible` is any service with OpenAI's chat interface: Kimi, Ollama, vLLM and others. */
export const MODEL_PROVIDERS = ['anthropic', 'openai', 'compatible'] as const;
export type ModelProvider = (typeof MODEL_PROVIDERS)[number];

/** A model and who serves it. */
export interface ModelName {
  readonly provider: ModelProvider;
  readonly model: string;
}

const PATTERN = new RegExp(`^(?:${MODEL_PROVIDERS.join('|')})/[\\w.:@/-]{1,200}$`);

/** A model as settings and definitions write it: `anthropic/claude-sonnet-4-5`, `compatible/llama3.3:70b`. */
export const modelNameSchema = z
  .string()
  .regex(PATTERN, `is no model such as "anthropic/NAME": the provider is one of ${MODEL_PROVIDERS.join(', ')}`);

/** Reads what {@link modelNameSchema} accepts. */
export function parseModelName(text: string): ModelName {
  const name = modelNameSchema.parse(text);
  const slash = name.indexOf('/');
  const provider = MODEL_PROVIDERS.find((known) => known === name.slice(0, slash));
  if (provider === undefined) throw new RangeError(`Cannot read the model "${name}": its provider is unknown`);
  return { provider, model: name.slice(slash + 1) };
}
