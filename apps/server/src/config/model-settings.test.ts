import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parseArguments } from './parse-arguments.ts';
import { printConfiguration } from './print-configuration.ts';
import { resolveConfiguration } from './resolve-configuration.ts';

const KEY = 'key-0123456789abcdef';

describe('the keys in the configuration', () => {
  it('come from the environment only, and are never printed', async (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-config-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const resolve = (argv: string[], environment: Record<string, string> = {}) =>
      resolveConfiguration({ arguments: parseArguments(argv), environment, workingDir: dir });
    const resolved = await resolve([], { ANTHROPIC_API_KEY: KEY, LOOPWRIGHT_MODEL: 'anthropic/claude-sonnet-4-5' });
    assert.equal(resolved.configuration.anthropicApiKey, KEY);
    assert.ok(!printConfiguration(resolved).includes(KEY));
    await assert.rejects(
      resolve(['--openai-api-key', KEY]),
      (error: Error) => /OPENAI_API_KEY/.test(error.message) && !error.message.includes(KEY),
    );
    writeFileSync(join(dir, 'loopwright.yaml'), `anthropic_api_key: ${KEY}\n`);
    await assert.rejects(resolve([]), (error: Error) => /ANTHROPIC_API_KEY/.test(error.message) && !error.message.includes(KEY));
    rmSync(join(dir, 'loopwright.yaml'));
    await assert.rejects(resolve([], { ANTHROPIC_API_KEY: `${KEY}\u0001` }), (error: Error) => !error.message.includes(KEY));
    await assert.rejects(resolve(['--model', 'gpt-5']), /anthropic\/NAME/);
    await assert.rejects(resolve(['--model-base-url', 'http://user:pass@localhost/v1']), /must not hold credentials/);
  });
});
