import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { meSchema, newApiKeySchema } from '@loopwright/protocol';
import { SERVER_MAIN } from '../demo/server-process.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
let dir: string;
before(() => {
  dir = mkdtempSync(join(tmpdir(), 'loopwright-admin-'));
});
after(() => rmSync(dir, { recursive: true }));

const admin = (...flags: string[]): SpawnSyncReturns<string> =>
  spawnSync(process.execPath, ['--conditions=loopwright-source', MAIN, 'admin', ...flags, '--data-dir', dir], {
    encoding: 'utf8',
  });

async function serve(...flags: string[]) {
  const args = [
    '--conditions=loopwright-source',
    SERVER_MAIN,
    '--port',
    '0',
    '--edge-port',
    '0',
    '--data-dir',
    dir,
    // No program is generated or run.
    '--sandbox-jail',
    'off',
    '--generator-url',
    'http://127.0.0.1:9',
  ];
  const child = spawn(process.execPath, [...args, ...flags], { stdio: ['ignore', 'pipe', 'ignore'] });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  const url = /http:\S+/.exec(line)?.[0] ?? assert.fail(line);
  return {
    me: async (key: string) =>
      meSchema.parse(await (await fetch(`${url}/api/v1/me`, { headers: { authorization: `Bearer ${key}` } })).json()),
    [Symbol.asyncDispose]: async () => {
      child.kill();
      await once(child, 'exit');
    },
  };
}

describe('loopwright admin create-key', () => {
  it('makes the first key in an empty data folder, and further ones by way of a server that believes this machine', async () => {
    const first = admin('create-key', '--user', 'ada', '--role', 'admin', '--expires-days=30');
    assert.equal(first.status, 0, first.stderr);
    assert.match(first.stdout, /^lw_[0-9A-Za-z]{8}_[0-9A-Za-z]{43}\n$/);
    assert.ok(!first.stderr.includes(first.stdout.trim().slice(12)));
    {
      await using server = await serve('--identity', 'configured');
      assert.partialDeepStrictEqual(await server.me(first.stdout.trim()), { user_id: 'ada', role: 'admin', method: 'api_key' });
      const meanwhile = admin('create-key', '--user', 'eve');
      assert.equal(meanwhile.status, 1);
      assert.match(meanwhile.stderr, /DATA_DIR_IN_USE: .*stop it first/);
    }
    await using server = await serve();
    const second = admin(
      'create-key',
      '--user',
      'bob',
      '--role',
      'operator',
      '--scopes',
      'executions:read, tasks:decide',
      '--json',
    );
    assert.equal(second.status, 0, second.stderr);
    const made = newApiKeySchema.parse(JSON.parse(second.stdout));
    assert.deepEqual([made.user_id, made.role, made.scopes], ['bob', 'operator', ['executions:read', 'tasks:decide']]);
    assert.partialDeepStrictEqual(await server.me(made.key ?? ''), { user_id: 'bob', role: 'operator' });
  });

  it('says what is wrong with what it is asked, and makes nothing', () => {
    const wrong: [string[], RegExp][] = [
      [['create-key'], /--user/],
      [['create-key', '--user', 'a', '--role', 'god'], /--role/],
      [['create-key', '--user', 'a', '--expires-days', '-1'], /--expires-days/],
      [['create-key', '--user', 'a', '--expires-days', '9999'], /3660 days/],
      [['create-key', '--user', 'a', '--nmae', 'x'], /--nmae/],
    ];
    for (const [flags, message] of wrong) {
      const { status, stdout, stderr } = admin(...flags);
      assert.deepEqual([status, stdout], [1, ''], flags.join(' '));
      assert.match(stderr, message);
    }
    assert.match(admin('--help').stdout, /Usage: loopwright admin create-key/);
  });
});
