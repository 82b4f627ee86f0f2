import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { type Server, createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ProgramBundle, edgeHealthSchema, executeResponseSchema, systemClock, systemRandom } from '@loopwright/protocol';
import { ProgramStore } from '../store/program-store.ts';
import { RemoteSource } from './remote-source.ts';

const TOKEN = 'lw_reader';
let dir: string;
let there: ProgramStore;
let here: ProgramStore;
let source: Server;
let url = '';
/** What the source does wrong. */
let fault: 'none' | 'away' | 'changed' | 'other' | 'endless' | 'elsewhere' = 'none';

/** A control plane as far as an edge asks it, over the real store of another machine. */
function answer(path: string): Promise<unknown> | undefined {
  const bundleOf = async (version: number): Promise<ProgramBundle> => {
    const bundle = await there.bundle('greet', version);
    if (fault === 'changed') bundle.files['program.ts'] = Buffer.from('export const run = () => "evil";').toString('base64');
    return bundle;
  };
  if (path.endsWith('/aliases')) return aliasList();
  const version = /versions\/(\d+)\/bundle$/u.exec(path)?.[1];
  return version === undefined ? undefined : bundleOf(fault === 'other' ? 1 : Number(version));
}

/** What it says of an alias that is not there. */
let invented: object | undefined;

async function aliasList(): Promise<object> {
  const names = ['active', ...(await there.aliases('greet')).keys()];
  const aliases = await Promise.all(
    names.map(async (alias) => {
      const version = await there.getAlias('greet', alias);
      const { digest } = await there.loadMetadata('greet', version ?? 1);
      return { program: 'greet', alias, version, digest, moved_at: null, weights: [], rollout_id: null };
    }),
  );
  const all = invented === undefined ? aliases : [{ ...aliases[0], ...invented }, ...aliases];
  return { aliases: all, total: all.length, next_cursor: null };
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-remote-'));
  there = new ProgramStore({ dir: join(dir, 'there'), clock: systemClock });
  here = new ProgramStore({ dir: join(dir, 'here'), clock: systemClock });
  for (const word of ['one', 'two', 'three'])
    await there.store('greet', { id: word, source: `export const run = (): string => '${word}';`, files: { 'CARD.md': word } });
  await there.setActive('greet', 1, { record: { id: 'a' } });
  source = createServer((request, response) => {
    if (fault === 'away') return void response.socket?.destroy();
    if (fault === 'elsewhere') return void response.writeHead(302, { location: 'http://127.0.0.1:1/' }).end();
    if (fault === 'endless') {
      const more = (): void => void response.write('x'.repeat(8 * 1024 * 1024), more);
      response.on('error', () => undefined);
      return more();
    }
    if (request.headers.authorization !== `Bearer ${TOKEN}`) return void response.writeHead(401).end();
    const body = answer(request.url ?? '');
    if (body === undefined) return void response.writeHead(404).end();
    body.then(
      (value) => response.end(JSON.stringify(value)),
      () => response.writeHead(500).end(),
    );
    return undefined;
  });
  await new Promise<void>((resolve) => void source.listen(0, '127.0.0.1', resolve));
  const address = source.address();
  url = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/`;
});
after(async () => {
  source.closeAllConnections();
  source.close();
  await rm(dir, { recursive: true, force: true });
});

describe('RemoteSource', () => {
  const changed: string[] = [];
  const follow = (token = TOKEN): RemoteSource =>
    new RemoteSource({
      url,
      token,
      programs: ['greet'],
      intervalMs: 3_600_000,
      store: here,
      clock: systemClock,
      random: systemRandom,
      onChange: async (name, alias) => changed.push(`${name} ${alias}`),
      log: () => undefined,
    });

  it('takes over what is active there, whole, and makes it active here', async () => {
    await using remote = follow();
    await remote.open();
    assert.equal(await here.getActive('greet'), 1);
    assert.equal(await here.readFile('greet', 1, 'CARD.md'), 'one');
    assert.deepEqual(changed, ['greet active']);
    await there.setActive('greet', 3, { record: { id: 'b' } });
    await remote.look();
    assert.equal(await here.getActive('greet'), 3);
    assert.equal(await here.exists('greet', 2), false, 'it took over what nobody serves');
    await remote.look();
    assert.deepEqual(changed, ['greet active', 'greet active']);
    assert.equal(remote.health.trouble, null);
  });

  it('keeps the last good version whatever the source does, and says why', async () => {
    await there.setActive('greet', 2, { record: { id: 'c' } });
    for (const wrong of ['away', 'changed', 'other', 'elsewhere', 'endless'] as const) {
      fault = wrong;
      await using remote = follow();
      await remote.look();
      assert.match(remote.health.trouble ?? '', /greet/u, wrong);
      assert.equal(await here.getActive('greet'), 3, wrong);
      assert.equal(await here.exists('greet', 2), false, wrong);
    }
    fault = 'none';
    await using stranger = follow('guessed');
    await stranger.look();
    assert.match(stranger.health.trouble ?? '', /401/u);
    await using remote = follow();
    await remote.look();
    assert.equal(await here.getActive('greet'), 2);
  });

  it('follows the other aliases, forgets those that are gone there, and lets no bad one hold up another', async () => {
    await there.setAlias('greet', 'canary', 1, { record: { id: 'k1' } });
    await there.setAlias('greet', 'old', 3, { record: { id: 'k2' } });
    changed.length = 0;
    const pointers = async (): Promise<unknown> =>
      [...(await here.aliases('greet'))].map(([name, { version }]) => [name, version]);
    await using remote = follow();
    await remote.look();
    assert.deepEqual(await pointers(), [
      ['canary', 1],
      ['old', 3],
    ]);
    invented = { alias: '../../escape' };
    await there.setAlias('greet', 'canary', 2, { record: { id: 'k3' } });
    await there.setAlias('greet', 'old', null, { record: { id: 'k4' } });
    await remote.look();
    assert.match(remote.health.trouble ?? '', /name of an alias/u);
    invented = undefined;
    assert.deepEqual(await pointers(), [['canary', 2]]);
    assert.deepEqual(changed, ['greet canary', 'greet old', 'greet old', 'greet canary']);
    assert.equal(await here.getActive('greet'), 2);
  });

  it('never puts another program in the place of a version that is here', async () => {
    const other = new ProgramStore({ dir: join(dir, 'other'), clock: systemClock });
    await other.store('greet', { id: 'x', source: `export const run = (): string => 'own';` });
    await assert.rejects(other.adopt(await there.bundle('greet', 1)), { code: 'CONFLICT' });
    const bundle = await there.bundle('greet', 2);
    for (const [name, broken] of Object.entries({
      program: { ...bundle, task_id: 'other' },
      version: { ...bundle, version: 7 },
      file: { ...bundle, files: { ...bundle.files, '../escape': 'eA==' } },
      part: { ...bundle, files: { 'program.ts': bundle.files['program.ts'] ?? '' } },
    }))
      await assert.rejects(other.adopt(broken), { name: 'PlatformError' }, name);
    assert.deepEqual(
      (await other.list('greet')).map(({ version }) => version),
      [1],
    );
  });
});

describe('loopwright edge', () => {
  let child: ChildProcess | undefined;
  const children: ChildProcess[] = [];
  after(() => {
    for (const one of children) one.kill('SIGKILL');
  });

  /** What the edge said on standard error. */
  let told = '';

  async function start(config: string): Promise<{ base: string; exited: Promise<number | null> }> {
    const main = join(import.meta.dirname, '../../standalone.ts');
    const args = ['--conditions=loopwright-source', main, '--config', config, '--port', '0'];
    const started = spawn(process.execPath, args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, READER: TOKEN, LOOPWRIGHT_SANDBOX_JAIL: 'preferred' },
    });
    child = started;
    children.push(started);
    told = '';
    started.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const exited = new Promise<number | null>((resolve) => void started.on('exit', resolve));
    for await (const chunk of started.stdout) {
      const base = /listening on (\S+)/u.exec(String(chunk))?.[1];
      if (base !== undefined) return { base, exited };
    }
    return { base: '', exited };
  }

  it('serves what the source has, and after a restart without the source what it had', async () => {
    const config = join(dir, 'deployment.yaml');
    const lines = [
      `runtime: { mode: edge, data_dir: ${JSON.stringify(join(dir, 'edge'))} }`,
      'execution: { worker_count: 1 }',
      `source: { url: ${JSON.stringify(url)}, token: "\${READER}", programs: [greet], interval_seconds: 1 }`,
    ];
    await writeFile(config, lines.join('\n'));
    const ask = async (base: string): Promise<unknown> => {
      const headers = { 'content-type': 'application/json' };
      const response = await fetch(`${base}/execute`, { method: 'POST', headers, body: '{"input":1}' });
      return executeResponseSchema.parse(await response.json()).output;
    };
    const first = await start(config);
    assert.equal(await ask(first.base), 'two');
    const refresh = await fetch(`${first.base}/tasks/greet/refresh`, { method: 'POST' });
    assert.equal(refresh.status, 401, 'without a token of its own anybody could refresh it');
    child?.kill('SIGTERM');
    assert.equal(await first.exited, 0);
    fault = 'away';
    const second = await start(config);
    assert.equal(await ask(second.base), 'two');
    const health = edgeHealthSchema.parse(await (await fetch(`${second.base}/health`)).json());
    assert.deepEqual([health.active_version, health.source?.seen_at], [2, null]);
    assert.match(health.source?.trouble ?? '', /greet/u);
    child?.kill('SIGTERM');
    assert.equal(await second.exited, 0);
  });

  it('takes limits of execution at SIGHUP, tells what needs a restart, and takes nothing of a file that is wrong', async () => {
    fault = 'none';
    const data = join(dir, 'reloaded');
    const store = new ProgramStore({ dir: data, clock: systemClock });
    const busy =
      'export const run = (ms: number): number => { for (const end = Date.now() + ms; Date.now() < end; ); return ms; };';
    await store.store('busy', { id: 'b', source: busy });
    await store.setActive('busy', 1, { record: { id: 'b' } });
    const config = join(dir, 'reloaded.yaml');
    const write = (timeoutMs: number, ...more: string[]): Promise<void> =>
      writeFile(
        config,
        [
          `runtime: { mode: edge, data_dir: ${JSON.stringify(data)} }`,
          `execution: { worker_count: 1, timeout_ms: ${timeoutMs} }`,
          ...more,
        ].join('\n'),
      );
    await write(5000);
    const { base, exited } = await start(config);
    const ask = async (ms: number): Promise<number> => {
      const headers = { 'content-type': 'application/json' };
      return (await fetch(`${base}/execute`, { method: 'POST', headers, body: JSON.stringify({ task_id: 'busy', input: ms }) }))
        .status;
    };
    const hears = async (line: RegExp): Promise<void> => {
      for (const end = performance.now() + 10_000; !line.test(told);) {
        assert.ok(performance.now() < end, told);
        await new Promise((resolve) => void setTimeout(resolve, 20));
      }
    };
    assert.equal(await ask(600), 200);
    await write(
      50,
      'storage: { time_zone: Europe/Berlin, durability: full, when_full: drop, retention_days: 3 }',
      `source: { url: ${JSON.stringify(url)}, token: "\${READER}", programs: [greet] }`,
    );
    child?.kill('SIGHUP');
    await hears(/the limits of execution are as it says now[^]*\/source in \S+ needs a restart/u);
    assert.equal(await ask(4000), 422);
    for (const key of ['time_zone', 'durability', 'when_full'])
      assert.match(told, new RegExp(`The change of /storage/${key} in \\S+ needs a restart`, 'u'));
    assert.doesNotMatch(told, new RegExp(`retention_days|${TOKEN}`, 'u'));
    await write(9000, 'validation: { oracle: model }');
    child?.kill('SIGHUP');
    await hears(/line 3 \/validation\/oracle: asks a model[^]*All stays as it was/u);
    assert.equal(await ask(4000), 422);
    await write(70_000);
    child?.kill('SIGHUP');
    await hears(/timeoutMs\S+ must be a whole number[^]*All stays as it was/u);
    child?.kill('SIGTERM');
    assert.equal(await exited, 0);
    await write(9000, 'validation: { oracle: model }');
    const again = await start(config);
    assert.deepEqual([again.base, await again.exited], ['', 1]);
    assert.match(told, /INVALID_CONFIGURATION: .*line 3 \/validation\/oracle: asks a model/u);
  });

  it('says everything that is wrong with a deployment and ends', async () => {
    const config = join(dir, 'wrong.yaml');
    await writeFile(config, 'runtime: { mode: edge, data_dir: /tmp }\nsource: { url: "ftp://x", token: "", programs: [] }\n');
    const { base, exited } = await start(config);
    assert.deepEqual([base, await exited], ['', 1]);
  });
});
