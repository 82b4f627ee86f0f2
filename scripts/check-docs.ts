// Documents that are made from code: `docs/errors.md` and `docs/configuration.md`. `--write` writes them, else they are compared.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ERRORS } from '@loopwright/protocol';
import { configurationDocument } from '../apps/server/src/config/configuration-document.ts';

const root = join(import.meta.dirname, '..');
const documents: Record<string, string> = {
  'docs/errors.md': errorsDocument(),
  'docs/configuration.md': configurationDocument(),
};
let stale = false;
for (const [file, text] of Object.entries(documents)) {
  const path = join(root, file);
  if (process.argv.includes('--write')) writeFileSync(path, text);
  else if (read(path) !== text) {
    stale = true;
    process.stderr.write(`${file} is not what the code says: run \`npm run docs\`\n`);
  }
}
process.exit(stale ? 1 : 0);

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

function errorsDocument(): string {
  const rows = Object.entries(ERRORS).map(
    ([code, { status, retryable, title, fix }]) =>
      `<a id="${code.toLowerCase()}"></a>\n## ${code}\n\n${title}. HTTP ${status}, ${retryable ? 'can be tried again' : 'not retryable as it is'}.\n\n${fix}.\n`,
  );
  return `<!-- Written by scripts/check-docs.ts from packages/protocol/src/lib/errors/catalogue.ts. Do not edit. -->\n\n# Errors\n\nEvery error answer has \`error_code\`, \`message\`, \`details\` and \`request_id\`, and is an RFC 9457 problem document as well.\n\n${rows.join('\n')}`;
}
