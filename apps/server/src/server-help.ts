import { SETTINGS, SETTING_KEYS, flagOf, variablesOf } from './config/settings.ts';

/** The text of `--help`: every setting with its flag, its variables and its default. */
export function serverHelp(): string {
  const rows = SETTING_KEYS.map((key) => {
    const { default: byDefault, description } = SETTINGS[key];
    return `  ${flagOf(key).padEnd(34)}${description} (default ${JSON.stringify(byDefault)}; ${variablesOf(key).join(', ')})`;
  });
  return [
    'Usage: loopwright server [flags]',
    '',
    ...rows,
    `  ${'--config <file>'.padEnd(34)}Configuration file (default loopwright.yaml of the working directory)`,
    `  ${'--print-config'.padEnd(34)}Print the configuration in effect and where each value comes from`,
    '',
    'A flag wins over an environment variable, that over the file, that over the default.',
    '',
  ].join('\n');
}
