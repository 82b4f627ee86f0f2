import { modelNameSchema } from '@loopwright/models';
import { PlatformError } from '@loopwright/protocol';
import { z } from 'zod';

/** A URL without credentials: keys have variables of their own. */
const urlSchema = z
  .url({ protocol: /^https?$/ })
  .max(2000)
  .refine((url) => new URL(url).username === '' && new URL(url).password === '', 'must not hold credentials');
const keySchema = z
  .string()
  .max(16_384)
  .regex(/^[\x21-\x7e]*$/, 'is not one line of printable characters')
  .nullable()
  .default(null);
const pathSchema = z.string().min(1).max(4096).nullable().default(null);
const dependencySchema = z.string().regex(/^(?:@[a-z0-9][\w.-]*\/)?[a-z0-9][\w.-]*$/, 'is no name of a package');

/** The variables of the environment that model agents read, the same names as the settings of the server. */
const environmentSchema = z.object({
  /** Model behind each name that a plan can give. */
  LOOPWRIGHT_LLM_CLAUDE: modelNameSchema.default('anthropic/claude-sonnet-4-5'),
  LOOPWRIGHT_LLM_OPENAI: modelNameSchema.default('openai/gpt-5'),
  LOOPWRIGHT_LLM_KIMI: modelNameSchema.default('compatible/kimi-k2'),
  /** Asked when no provider that the plan names is configured. */
  LOOPWRIGHT_MODEL: modelNameSchema.nullable().default(null),
  LOOPWRIGHT_FALLBACK_MODEL: modelNameSchema.nullable().default(null),
  ANTHROPIC_API_KEY: keySchema,
  LOOPWRIGHT_ANTHROPIC_API_KEY_FILE: pathSchema,
  LOOPWRIGHT_ANTHROPIC_BASE_URL: urlSchema.default('https://api.anthropic.com/v1'),
  OPENAI_API_KEY: keySchema,
  LOOPWRIGHT_OPENAI_API_KEY_FILE: pathSchema,
  LOOPWRIGHT_OPENAI_BASE_URL: urlSchema.default('https://api.openai.com/v1'),
  LOOPWRIGHT_MODEL_BASE_URL: urlSchema.nullable().default(null),
  LOOPWRIGHT_MODEL_API_KEY: keySchema,
  LOOPWRIGHT_MODEL_API_KEY_FILE: pathSchema,
  /** Longest silence of a provider. */
  LOOPWRIGHT_MODEL_TIMEOUT_SECONDS: z.coerce.number().positive().max(3600).default(120),
  LOOPWRIGHT_MODEL_ATTEMPTS: z.coerce.number().int().min(1).max(10).default(3),
  LOOPWRIGHT_MODEL_RETRY_DELAY_SECONDS: z.coerce.number().min(0).max(600).default(1),
  LOOPWRIGHT_MODEL_MAX_OUTPUT_TOKENS: z.coerce.number().int().min(256).max(1_000_000).default(16_000),
  LOOPWRIGHT_PRICES_FILE: pathSchema,
  /** File with the tool servers that models may call. */
  LOOPWRIGHT_GENERATOR_TOOLS_FILE: pathSchema,
  /** Names of packages that generated programs may import, with commas between; none when it is not set. */
  LOOPWRIGHT_GENERATOR_DEPENDENCIES: z
    .string()
    .default('')
    .transform((text) =>
      text
        .split(',')
        .map((name) => name.trim())
        .filter((name) => name !== ''),
    )
    .pipe(z.array(dependencySchema).max(200)),
});

/** How model agents are set up. */
export type ModelConfiguration = z.infer<typeof environmentSchema>;

/** Reads the setup of model agents. Throws INVALID_CONFIGURATION naming the variables; a value is never part of the message. */
export function readModelConfiguration(environment: Readonly<Record<string, string | undefined>>): ModelConfiguration {
  // An empty variable is one that is not set: that is how a parent process takes one away.
  const set = Object.fromEntries(Object.entries(environment).filter(([, value]) => value !== undefined && value !== ''));
  const parsed = environmentSchema.safeParse(set);
  if (parsed.success) return parsed.data;
  const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')} ${message}`);
  throw new PlatformError('INVALID_CONFIGURATION', `Cannot set up the models: ${issues.join('; ')}`);
}
