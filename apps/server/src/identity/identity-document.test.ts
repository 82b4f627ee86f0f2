import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseArguments } from '../config/parse-arguments.ts';
import { resolveConfiguration } from '../config/resolve-configuration.ts';

describe('docs/identity.md', () => {
  it('shows configurations that the server takes', async () => {
    const text = await readFile(join(import.meta.dirname, '../../../../docs/identity.md'), 'utf8');
    const blocks = [...text.matchAll(/```yaml\n([^]*?)```/g)].map(([, block]) => block ?? '');
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-document-'));
    const seen = new Set<string>();
    for (const block of blocks) {
      await writeFile(join(dir, 'loopwright.yaml'), block);
      const { settings } = await resolveConfiguration({ arguments: parseArguments([]), environment: {}, workingDir: dir });
      for (const { key, origin } of settings) if (origin.startsWith('file ')) seen.add(key);
    }
    await rm(dir, { recursive: true });
    assert.deepEqual([...seen].sort(), ['host', 'identity', 'jwt_issuers', 'oidc', 'public_url', 'trusted_proxies']);
  });
});
