import { parseArgs } from 'node:util';
import { messageOf } from '@loopwright/protocol';
import { type ConfigurationIssue, unknownName } from './issue.ts';
import { flagOf, SETTING_KEYS, type SettingKey } from './settings.ts';

/** What the command line says. */
export interface ServerArguments {
  /** Values of settings, as text. A flag that is given twice counts with its last value. */
  readonly flags: ReadonlyMap<SettingKey, string>;
  /** `--config`: the configuration file instead of `loopwright.yaml` of the working directory. */
  readonly configFile: string | undefined;
  /** `--print-config`: show the configuration and end. */
  readonly printConfig: boolean;
  readonly help: boolean;
  /** What is wrong with it; {@link ServerArguments} are never thrown away for it, so that everything is reported at once. */
  readonly issues: readonly ConfigurationIssue[];
}

const SWITCHES = { '--print-config': 'printConfig', '--help': 'help', '-h': 'help' } as const;

/** Reads `--data-dir X` and `--data-dir=X` for every setting of the table, `--config FILE`, `--print-config` and `--help`. */
export function parseArguments(argv: readonly string[]): ServerArguments {
  const issues: ConfigurationIssue[] = [];
  const flags = new Map<SettingKey, string>();
  const switches = { printConfig: false, help: false };
  let configFile: string | undefined;
  let strayValue = false;
  for (const token of tokensOf(argv, issues)) {
    const strayed = strayValue;
    strayValue = false;
    if (token.kind === 'positional' && !strayed)
      issues.push({ source: `argument "${token.value}"`, message: 'there are only flags' });
    if (token.kind !== 'option') continue;
    const { rawName: name, value } = token;
    const key = SETTING_KEYS.find((candidate) => flagOf(candidate) === name);
    if (Object.hasOwn(SWITCHES, name)) {
      switches[SWITCHES[name as keyof typeof SWITCHES]] = true;
      if (value !== undefined) issues.push({ source: `flag ${name}`, message: 'it takes no value' });
    } else if (key === undefined && name !== '--config') {
      issues.push(unknownName(`flag ${name}`, name, knownFlags()));
      strayValue = value === undefined;
    } else if (value === undefined || value === '') issues.push({ source: `flag ${name}`, message: 'its value is missing' });
    else if (key === undefined) configFile = value;
    else flags.set(key, value);
  }
  return { flags, configFile, ...switches, issues };
}

/** The flags with what they are for, for `--help`. */
function knownFlags(): string[] {
  return [...SETTING_KEYS.map(flagOf), '--config', '--print-config', '--help'];
}

type Token = { kind: 'option'; rawName: string; value: string | undefined } | { kind: 'positional'; value: string };

function tokensOf(argv: readonly string[], issues: ConfigurationIssue[]): readonly Token[] {
  const names = [...SETTING_KEYS.map((key) => flagOf(key).slice(2)), 'config'];
  const options = {
    ...Object.fromEntries(names.map((name) => [name, { type: 'string' as const }])),
    'print-config': { type: 'boolean' as const },
    help: { type: 'boolean' as const, short: 'h' },
  };
  // Without this, `--port --host x` would make "--host" the port.
  const args = argv.map((word, index) => {
    const takesValue = names.some((name) => word === `--${name}`);
    return takesValue && argv[index + 1]?.startsWith('--') === true ? `${word}=` : word;
  });
  try {
    const { tokens } = parseArgs({ args, options, strict: false, allowPositionals: true, tokens: true });
    return tokens.filter((token) => token.kind !== 'option-terminator');
  } catch (error) {
    issues.push({ source: 'command line', message: messageOf(error) });
    return [];
  }
}
