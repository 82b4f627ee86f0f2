import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import { runCli } from '../cli.ts';
import { SDK_VERSION } from '../scaffold/module-template.ts';

const ROOT = join(import.meta.dirname, '../../../..');
const run = promisify(execFile);

/** The SDK from its source, and no word of the runner of this test. */
const env = { PATH: process.env['PATH'], NODE_OPTIONS: '--conditions=loopwright-source' };

describe('loopwright module new', () => {
  let folder = '';
  let made = '';
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'loopwright-module-'));
    made = join(folder, 'my-module');
    assert.equal(await runCli(['module', 'new', 'my-module', '--dir', made]), 0);
    symlinkSync(join(ROOT, 'node_modules'), join(made, 'node_modules'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it('makes a module that passes its own tests', async () => {
    const { stdout } = await run(process.execPath, ['--test', '--test-reporter=tap'], { cwd: made, env });
    assert.match(stdout, /^# pass 3$/m);
    assert.match(stdout, /^# fail 0$/m);
  });

  it('makes a module whose process announces itself and ends with its orchestrator', async () => {
    const child = spawn(process.execPath, ['src/main.ts'], { cwd: made, env, stdio: ['pipe', 'pipe', 'inherit'] });
    const exited = once(child, 'exit');
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    child.stdin.write('{"orchestrator_api":"http://127.0.0.1:1","module_id":"m1","listen":"127.0.0.1:0","protocol_version":2}\n');
    const announced = JSON.parse(String((await lines.next()).value)) as { op: string; endpoints: { path: string }[] };
    assert.equal(announced.op, 'announce');
    assert.deepEqual(
      announced.endpoints.map(({ path }) => path),
      ['/greet', '/health', '/metrics'],
    );
    child.stdin.end();
    assert.deepEqual(await exited, [0, null]);
  });

  it('makes a module that a server runs by its modules.yaml', async () => {
    const file = join(folder, 'modules.yaml');
    const entry = {
      command: 'node',
      args: ['--conditions=loopwright-source', 'src/main.ts'],
      cwd: 'my-module',
      env: { GREETING: 'Good day' },
    };
    writeFileSync(file, JSON.stringify({ modules: { 'my-module': entry } }));
    const main = join(ROOT, 'apps/server/src/main.ts');
    // No program is generated or run: the server starts without what both need.
    const without = ['--generator-url=http://127.0.0.1:9', '--sandbox-workers=1', '--sandbox-jail=off'];
    const flags = ['--port=0', '--edge-port=0', ...without, `--data-dir=${join(folder, 'data')}`];
    const args = ['--conditions=loopwright-source', main, ...flags, `--modules-file=${file}`];
    const server = spawn(process.execPath, args, { env: { PATH: env.PATH }, stdio: ['ignore', 'pipe', 'inherit'] });
    const exited = once(server, 'exit');
    let url: string | undefined;
    for await (const line of createInterface({ input: server.stdout })) {
      url = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (url !== undefined) break;
    }
    const headers = { 'content-type': 'application/json' };
    const body = JSON.stringify({ method: 'POST', path: '/greet', body: 'Ada' });
    // It waits until the module is there.
    const answer = await fetch(`${url}/api/v1/modules/my-module/request`, { method: 'POST', headers, body });
    const { status, body: given } = (await answer.json()) as { status: number; body: { data: unknown } };
    assert.deepEqual([status, given.data], [200, { text: 'Good day, Ada!', greeted: 1 }]);
    server.kill('SIGTERM');
    assert.deepEqual(await exited, [0, null]);
  });

  it('is made for the SDK of this repository', () => {
    const manifest = JSON.parse(readFileSync(join(ROOT, 'packages/module-sdk/package.json'), 'utf8')) as { version: string };
    assert.equal(SDK_VERSION, manifest.version);
  });

  it('overwrites nothing and refuses names that npm would', async () => {
    const taken = join(folder, 'taken');
    assert.equal(await runCli(['module', 'new', 'taken', '--dir', taken]), 0);
    writeFileSync(join(taken, 'README.md'), 'mine');
    assert.equal(await runCli(['module', 'new', 'taken', '--dir', taken]), 1);
    assert.equal(readFileSync(join(taken, 'README.md'), 'utf8'), 'mine');
    const names = ['Upper', '../up', 'a b', 'a--b', '', "x'+process.exit()+'", 'x'.repeat(65)];
    for (const name of names) assert.equal(await runCli(['module', 'new', name, '--dir', join(folder, 'refused')]), 1, name);
    assert.deepEqual(readdirSync(folder).toSorted(), ['data', 'modules.yaml', 'my-module', 'taken']);
  });
});
