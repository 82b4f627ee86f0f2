import { readFileSync, statSync } from 'node:fs';
import { PlatformError, messageOf } from '@loopwright/protocol';
import { z } from 'zod';
import { TOOL_LIMITS } from './limits.ts';

/** Largest file of grants, in bytes. */
const FILE_BYTES = 1024 * 1024;
const variablesSchema = z.record(z.string().min(1).max(200), z.string().min(1).max(200)).default({});

const stdioSchema = z.strictObject({
  type: z.literal('stdio'),
  command: z.string().min(1).max(4096),
  args: z.array(z.string().max(4096)).max(200).default([]),
  env: z.record(z.string().min(1).max(200), z.string().max(16_384)).default({}),
  /** Variables that it gets from the environment of the generator: name there → name here. */
  env_from: variablesSchema,
  cwd: z.string().min(1).max(4096).nullable().default(null),
});
const httpSchema = z.strictObject({
  type: z.literal('http'),
  url: z
    .url({ protocol: /^https?$/ })
    .max(2000)
    .refine((url) => new URL(url).username === '' && new URL(url).password === '', 'must not hold credentials'),
  headers: z.record(z.string().min(1).max(200), z.string().max(16_384)).default({}),
  /** Headers that are taken from variables of the environment: header → variable. */
  headers_from: variablesSchema,
});
const grantSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9_-]{0,62}$/),
  transport: z.discriminatedUnion('type', [stdioSchema, httpSchema]),
  /** Names of the tools that may be called; `null` for all that the server has. */
  tools: z.array(z.string().min(1).max(200)).max(TOOL_LIMITS.tools).nullable().default(null),
});
export type McpServerGrant = z.infer<typeof grantSchema>;

const fileSchema = z.strictObject({ servers: z.array(grantSchema).max(TOOL_LIMITS.servers) });

/** Reads which tool servers the operator grants. Throws INVALID_CONFIGURATION with what is wrong in the file. */
export function readToolGrants(file: string | null): readonly McpServerGrant[] {
  if (file === null) return [];
  try {
    if (statSync(file).size > FILE_BYTES) throw new Error(`it is larger than ${FILE_BYTES} bytes`);
    const parsed = fileSchema.safeParse(JSON.parse(readFileSync(file, 'utf8')));
    if (!parsed.success)
      throw new Error(parsed.error.issues.map(({ path, message }) => `/${path.join('/')} ${message}`).join('; '));
    const names = parsed.data.servers.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`two servers are named "${twice}"`);
    return parsed.data.servers;
  } catch (error) {
    throw new PlatformError('INVALID_CONFIGURATION', `Cannot use the tools of "${file}": ${messageOf(error)}`, { cause: error });
  }
}

/** Values that stand in grants and must not come out again: of variables, and of what is written there for servers. */
export function secretsOf(
  grants: readonly McpServerGrant[],
  environment: Readonly<Record<string, string | undefined>>,
): string[] {
  const values = grants.flatMap(({ transport }) => {
    if (transport.type === 'http') {
      const taken = Object.values(transport.headers_from).map((variable) => environment[variable]);
      return [...Object.values(transport.headers), ...taken];
    }
    return [...Object.values(transport.env), ...Object.values(transport.env_from).map((variable) => environment[variable])];
  });
  // Shorter ones are ordinary words.
  return values.filter((value) => value !== undefined).filter((value) => value.length >= 12);
}
