import { readFileSync } from 'node:fs';

/** The text of a file of `program/` without its imports and exports. It runs as `.js` after a build and is then copied as such. */
export function templateSource(name: string): string {
  const extension = import.meta.url.endsWith('.ts') ? 'ts' : 'js';
  const source = readFileSync(new URL(`../program/${name}.${extension}`, import.meta.url), 'utf8');
  return source
    .replaceAll(/^import .*;\n+/gmu, '')
    .replaceAll(/^export (?=function|interface|type|const)/gmu, '')
    .replaceAll(/^\/\/# sourceMappingURL.*$/gmu, '')
    .trim();
}
