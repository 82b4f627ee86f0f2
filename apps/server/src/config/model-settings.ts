import { z } from 'zod';
import { modelNameSchema } from '@loopwright/models';
import { pathSchema as path, setting } from './setting.ts';

const webUrl = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  // They would stand in error messages; keys have settings of their own.
  .refine((url) => new URL(url).username === '' && new URL(url).password === '', 'must not hold credentials');

/** The key of a model provider, from the environment, and the file that it may be read from instead. */
const keyOf = (provider: string, ...environment: string[]) =>
  setting({
    schema: z
      .string()
      .max(16_384)
      .regex(/^[\x21-\x7e]*$/, 'is not one line of printable characters')
      .nullable(),
    default: null,
    description: `Key of ${provider}; from the environment only`,
    secret: true,
    environment,
  });
const keyFileOf = (provider: string) =>
  setting({
    schema: path.nullable(),
    default: null,
    description: `File with the key of ${provider}, read at each use; it comes before the variable`,
  });

/** The settings of model agents: which models, their keys, limits and prices. */
export const MODEL_SETTINGS = {
  model: setting({
    schema: modelNameSchema.nullable(),
    default: null,
    description: 'Model that agents ask, as `anthropic/NAME`, `openai/NAME` or `compatible/NAME`; null for none',
  }),
  fallback_model: setting({
    schema: modelNameSchema.nullable(),
    default: null,
    description: 'Model that is asked when the provider of the first one fails; null for none',
  }),
  llm_claude: setting({
    schema: modelNameSchema,
    default: 'anthropic/claude-sonnet-4-5',
    description: 'Model of the generation service behind the name `claude` of a plan',
  }),
  llm_openai: setting({
    schema: modelNameSchema,
    default: 'openai/gpt-5',
    description: 'Model of the generation service behind the name `openai` of a plan',
  }),
  llm_kimi: setting({
    schema: modelNameSchema,
    default: 'compatible/kimi-k2',
    description: 'Model of the generation service behind the name `kimi` of a plan',
  }),
  generator_tools_file: setting({
    schema: path.nullable(),
    default: null,
    description: 'File with the tool servers (MCP) that models of the generation service may call; null for none',
  }),
  generator_dependencies: setting({
    schema: z.string().max(10_000),
    default: '',
    description: 'Packages that generated programs may import, with commas between; they are not checked',
  }),
  model_base_url: setting({
    schema: webUrl.nullable(),
    default: null,
    description:
      'Base URL of an OpenAI-compatible service (Kimi, Ollama, vLLM and others), for models `compatible/NAME`; private addresses are allowed',
  }),
  model_api_key: keyOf('the OpenAI-compatible service'),
  model_api_key_file: keyFileOf('the OpenAI-compatible service'),
  anthropic_api_key: keyOf('Anthropic', 'ANTHROPIC_API_KEY'),
  anthropic_api_key_file: keyFileOf('Anthropic'),
  anthropic_base_url: setting({
    schema: webUrl,
    default: 'https://api.anthropic.com/v1',
    description: 'Base URL of Anthropic, version included',
  }),
  openai_api_key: keyOf('OpenAI', 'OPENAI_API_KEY'),
  openai_api_key_file: keyFileOf('OpenAI'),
  openai_base_url: setting({
    schema: webUrl,
    default: 'https://api.openai.com/v1',
    description: 'Base URL of OpenAI, version included',
  }),
  model_timeout_seconds: setting({
    schema: z.number().positive().max(3600),
    default: 300,
    description: 'Time limit of one call of a model, in seconds',
  }),
  model_attempts: setting({
    schema: z.int().min(1).max(10),
    default: 3,
    description: 'Calls of a model in all while its provider answers 429 or 5xx, before the fallback is asked',
  }),
  model_retry_delay_seconds: setting({
    schema: z.number().min(0).max(600),
    default: 1,
    description:
      'Wait before the second call of a busy provider, in seconds, unless it asks for a longer one; it doubles with every further one',
  }),
  model_max_output_tokens: setting({
    schema: z.int().min(256).max(1_000_000),
    default: 16_000,
    description: 'Most tokens of one answer of a model',
  }),
  prices_file: setting({
    schema: path.nullable(),
    default: null,
    description: 'File with the prices of models, in place of the bundled one',
  }),
} as const;
