import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { PlatformError } from '@loopwright/protocol';
import type { ModuleSpec } from '../module-spec.ts';
import { readModules } from './read-modules.ts';

let dir: string;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-modules-'));
  await writeFile(join(dir, 'API_KEY'), 'hunter2\n');
});
after(() => rm(dir, { recursive: true }));

async function read(text: string, secretsDir: string | null = dir): Promise<readonly ModuleSpec[]> {
  await writeFile(join(dir, 'modules.yaml'), text);
  return (await readModules(dir, secretsDir)).modules;
}

/** Lines and pointers of what is wrong. */
async function wrongIn(text: string): Promise<string[]> {
  try {
    await read(text);
  } catch (error) {
    const { code, details } = error as PlatformError;
    assert.equal(code, 'INVALID_CONFIGURATION');
    const issues = (details?.['issues'] ?? []) as { line: number; pointer: string }[];
    return issues.map(({ line, pointer }) => `${line} ${pointer}`);
  }
  return [];
}

describe('readModules()', () => {
  it('reads what a module is, with paths from its own folder and secrets from theirs', async () => {
    const [counter, far] = await read(`
modules:
  counter:
    command: ./bin/counter
    args: [--fast]
    cwd: work
    env: { GREETING: Hello }
    secrets: [API_KEY]
    permissions: { routes: ['GET /well', '* /a*'], services: [Cache], sends: [far/greet], topics: [news] }
    limits: { memory_mb: 128, processes: 2 }
    health: { path: /health }
    attempts: 3
    request_timeout_seconds: 5
  far:
    attach: { token_sha256: ${'a'.repeat(64)} }
`);
    assert.deepEqual(counter?.launch, {
      kind: 'command',
      file: join(dir, 'bin/counter'),
      args: ['--fast'],
      cwd: join(dir, 'work'),
    });
    assert.deepEqual(counter.limits, { memoryMb: 128, processes: 2 });
    assert.deepEqual(counter.permissions, {
      secrets: ['API_KEY'],
      routes: ['GET /well', '* /a*'],
      services: ['Cache'],
      sends: ['far/greet'],
      topics: ['news'],
    });
    assert.deepEqual(counter.healthCheck, { path: '/health', everyMs: 10_000, failures: 3 });
    assert.deepEqual([counter.attempts, counter.requestTimeoutMs, counter.isRequired], [3, 5000, false]);
    assert.equal(await counter.secrets?.get('API_KEY'), 'hunter2');
    assert.deepEqual(far?.launch, { kind: 'attach', tokenSha256: 'a'.repeat(64) });
    assert.notEqual(counter.authToken, far.authToken);
  });

  it('says of everything that is wrong where it stands', async () => {
    const wrong: Record<string, string[]> = {
      'modules:\n  a: { command: x, memory: 1 }': ['2 /modules/a/memory'],
      'modules:\n  a: {}': ['2 /modules/a'],
      'modules:\n  a: { command: x, attach: { client_name: a } }': ['2 /modules/a'],
      'modules:\n  a: { attach: {} }': ['2 /modules/a/attach'],
      'modules:\n  a:\n    attach: { token_sha256: abc }': ['3 /modules/a/attach/token_sha256'],
      'modules:\n  a:\n    attach: { client_name: a }\n    limits: { processes: 1 }': ['2 /modules/a'],
      'modules:\n  a:\n    command: x\n    limits:\n      memory_mb: 1\n    listen: 7': [
        '6 /modules/a/listen',
        '5 /modules/a/limits/memory_mb',
      ],
      'modules:\n  a:\n    command: x\n    permissions: { routes: [GET] }': ['4 /modules/a/permissions/routes/0'],
      'modules:\n  A: { command: x }': ['2 /modules/A'],
      'modules:\n  edge: { command: x }': ['2 /modules/edge'],
      'modules:\n  a: { command: x }\n  a: { command: y }': ['3 '],
      'modules: [': ['1 '],
      'other: 1': ['1 /other'],
      'services:\n  Cache: { kind: redis, url: x }': ['2 /services/Cache/url_secret', '2 /services/Cache/url'],
      'services:\n  Database:\n    kind: sqlite\n    url_secret: K': ['3 /services/Database/kind'],
      'services:\n  Jwt: { algorithm: RS256, secret: K }': ['2 /services/Jwt', '2 /services/Jwt'],
      'services:\n  Jwt: { algorithm: ES256, jwks_url: "http://keys.example/" }': ['2 /services/Jwt/jwks_url'],
    };
    for (const [text, expected] of Object.entries(wrong)) assert.deepEqual(await wrongIn(text), expected, text);
    assert.deepEqual(await read(''), []);
  });

  it('refuses what it cannot read, and secrets that come from nowhere', async () => {
    await assert.rejects(readModules(join(dir, 'nothing'), null), { code: 'INVALID_CONFIGURATION', message: /ENOENT/ });
    await assert.rejects(read('modules:\n  a: { command: x, secrets: [K] }', null), /set secrets_dir/);
    await assert.rejects(read('services:\n  Jwt: { secret: K }', null), /\/services\/Jwt\/secret.*set secrets_dir/);
    await assert.rejects(read(`# ${'x'.repeat(1024 * 1024)}`), /has more than 1048576 bytes/);
  });
});
