import { type Json, PlatformError } from '@loopwright/protocol';
import type { z } from 'zod';
import { type ConfigurationIssue, unknownName } from './issue.ts';
import type { ServerArguments } from './parse-arguments.ts';
import { readConfigurationFile } from './read-file.ts';
import { type Configuration, flagOf, nameOf, SETTING_KEYS, type SettingKey, SETTINGS, variablesOf } from './settings.ts';
import type { Setting } from './setting.ts';

/** One setting in effect and where its value came from. */
interface ResolvedSetting {
  readonly key: SettingKey;
  readonly value: unknown;
  /** `default`, `file <path>`, `environment <NAME>` or `flag <--name>`. */
  readonly origin: string;
  readonly secret: boolean;
}

/** The configuration in effect. */
export interface ResolvedConfiguration {
  readonly configuration: Configuration;
  readonly settings: readonly ResolvedSetting[];
}

/** Where values are looked for. */
export interface ConfigurationSources {
  readonly arguments: ServerArguments;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where `loopwright.yaml` and a relative `--config` are looked for. */
  readonly workingDir: string;
  /** `LOOPWRIGHT_…` variables that are no settings of the server and are let pass. */
  readonly otherVariables?: readonly string[];
}

/**
 * Finds the value of every setting: flag, else environment, else file, else default. An empty variable counts as not set.
 *
 * @throws `PlatformError` `INVALID_CONFIGURATION` with all that is wrong in `details.issues`, unknown names included.
 */
export async function resolveConfiguration(sources: ConfigurationSources): Promise<ResolvedConfiguration> {
  const { environment } = sources;
  const file = await readConfigurationFile(sources.workingDir, sources.arguments.configFile);
  const issues = [...sources.arguments.issues, ...unknownVariables(environment, sources.otherVariables), ...file.issues];
  const settings: ResolvedSetting[] = [];
  for (const key of SETTING_KEYS) {
    const { schema, default: byDefault, secret = false }: Setting = SETTINGS[key];
    const flag = sources.arguments.flags.get(key);
    const variable = variablesOf(key).find((name) => (environment[name] ?? '') !== '');
    let [value, origin]: [unknown, string] = [byDefault, 'default'];
    if (flag !== undefined) [value, origin] = [fromText(flag, schema), `flag ${flagOf(key)}`];
    else if (variable !== undefined) [value, origin] = [fromText(environment[variable] ?? '', schema), `environment ${variable}`];
    else if (file.values.has(key)) [value, origin] = [file.values.get(key), `file ${file.path}`];
    if (secret && (flag !== undefined || (file.values.get(key) ?? null) !== null))
      issues.push({
        source: describeOrigin(flag === undefined ? `file ${file.path}` : `flag ${flagOf(key)}`, key),
        message: `is a secret: set the variable ${variablesOf(key).at(-1)} instead`,
      });
    const parsed = schema.safeParse(value);
    if (parsed.success) settings.push({ key, value: parsed.data, origin, secret });
    else
      issues.push(
        ...parsed.error.issues.map((issue) => ({ source: describeOrigin(origin, key), message: shown(issue, value, secret) })),
      );
  }
  if (issues.length > 0) throw invalid(issues);
  const entries = settings.map(({ key, value }) => [nameOf(key), value]);
  return { configuration: Object.fromEntries(entries) as Configuration, settings };
}

/** Text of a flag or a variable as the value that the schema is for: itself, a number, null, JSON, or a list of what stands between commas. */
function fromText(text: string, schema: z.ZodType): unknown {
  const trimmed = text.trim();
  const structure = structureIn(trimmed);
  if (structure !== undefined) return structure;
  if (trimmed === 'null' && schema.safeParse(null).success) return null;
  if (schema.safeParse(text).success) return text;
  if (schema.safeParse([]).success)
    return text
      .split(',')
      .map((item) => item.trim())
      .filter(Boolean);
  if (/^-?\d+(?:\.\d+)?$/.test(trimmed)) return Number(trimmed);
  return text;
}

/** Lists and objects of objects are written as JSON; `[::1]` is an address. */
function structureIn(text: string): unknown {
  if (!/^(?:\{|\[\s*[\]{])/.test(text)) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function unknownVariables(
  environment: ConfigurationSources['environment'],
  others: readonly string[] = [],
): ConfigurationIssue[] {
  const known = SETTING_KEYS.flatMap(variablesOf);
  return Object.keys(environment)
    .filter((name) => name.startsWith('LOOPWRIGHT_') && !known.includes(name) && !others.includes(name))
    .map((name) => unknownName(`environment ${name}`, name, known));
}

function describeOrigin(origin: string, key: SettingKey): string {
  return origin.startsWith('file ') ? `${origin}: ${key}` : origin;
}

function shown(issue: { message: string }, value: unknown, secret: boolean): string {
  return secret ? issue.message : `${issue.message} (it is ${JSON.stringify(value)?.slice(0, 100)})`;
}

function invalid(issues: readonly ConfigurationIssue[]): PlatformError {
  const lines = issues.map((issue) => `${issue.source}: ${issue.message}`);
  const list: Json[] = issues.map(({ source, message }) => ({ source, message }));
  return new PlatformError('INVALID_CONFIGURATION', `Cannot use the configuration: ${lines.join('; ')}`, {
    details: { issues: list },
  });
}
