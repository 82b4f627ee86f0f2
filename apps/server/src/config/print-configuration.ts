import { stringify } from 'yaml';
import type { ResolvedConfiguration } from './resolve-configuration.ts';

/** The configuration in effect as YAML that can be used as a file, with where each value came from. Secrets are left out. */
export function printConfiguration({ settings }: ResolvedConfiguration): string {
  const lines = settings.map(({ key, value, origin, secret }) => {
    if (secret && value !== null) return `# ${key}: (secret) # ${origin}`;
    return `${stringify({ [key]: value }, { lineWidth: 0 }).trimEnd()} # ${origin.replaceAll(/\p{Cc}/gu, '?')}`;
  });
  return `${lines.join('\n')}\n`;
}
