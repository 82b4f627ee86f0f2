import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { toJSONSchema, z } from 'zod';
import { flagOf, SETTING_KEYS, type SettingKey, SETTINGS, variablesOf } from './settings.ts';
import type { Setting } from './setting.ts';

const HEAD = `<!-- Written from apps/server/src/config/settings.ts. Do not edit. -->

# Configuration

A setting is looked for in this order: flag, environment variable, configuration file, default. The file is \`loopwright.yaml\` in the
working directory, or the one that \`--config FILE\` names; its keys are the names below. An unknown flag, \`LOOPWRIGHT_…\` variable or key
is an error, and all errors are reported at once. \`--print-config\` shows what is in effect and where each value came from.

| setting | values | default | meaning | flag, environment |
| --- | --- | --- | --- | --- |
`;

const schemaOfJson = z.object({
  type: z.string().optional(),
  enum: z.array(z.string()).optional(),
  minimum: z.number().optional(),
  exclusiveMinimum: z.number().optional(),
  maximum: z.number().optional(),
  format: z.string().optional(),
  anyOf: z.array(z.unknown()).optional(),
});

/** `docs/configuration.md`, from the table of settings. */
export function configurationDocument(): string {
  return `${HEAD}${SETTING_KEYS.map(rowOf).join('\n')}\n`;
}

/**
 * Writes {@link configurationDocument} to a file, or with `check` only compares. Gives whether the file was as it should be.
 */
export async function writeConfigurationDocument(file: string, options: { readonly check?: boolean } = {}): Promise<boolean> {
  const wanted = configurationDocument();
  const found = await readFile(file, 'utf8').catch(() => undefined);
  if (found === wanted) return true;
  if (options.check !== true) {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, wanted);
  }
  return false;
}

function rowOf(key: SettingKey): string {
  const { schema, default: byDefault, description, secret = false }: Setting = SETTINGS[key];
  const names = [flagOf(key), ...variablesOf(key)].map((name) => `\`${name}\``).join(', ');
  const cells = [
    `\`${key}\``,
    valuesOf(toJSONSchema(schema, { io: 'input' })),
    `\`${String(byDefault)}\``,
    `${description}${secret ? ' (secret)' : ''}`,
    names,
  ];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

function valuesOf(json: unknown): string {
  const schema = schemaOfJson.parse(json);
  if (schema.anyOf !== undefined) return schema.anyOf.map(valuesOf).join(' or ');
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema.type === 'integer' || schema.type === 'number') {
    const from = schema.minimum === undefined ? `more than ${schema.exclusiveMinimum}` : `${schema.minimum}`;
    return `${schema.type === 'integer' ? 'whole number' : 'number'}, ${from} … ${schema.maximum}`;
  }
  return schema.format === 'uri' ? 'URL' : schema.type === 'string' ? 'text' : (schema.type ?? 'any');
}
