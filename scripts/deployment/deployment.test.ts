import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { ProgramStore } from '@loopwright/edge';
import { systemClock } from '@loopwright/protocol';
import { parse } from 'yaml';
import { z } from 'zod';
import { type BareRoot, bareRoot } from './bare-root.ts';
import { ROOT, chainOf, listOf, readStages } from './read-dockerfile.ts';

const stages = readStages();
const TARGETS = ['edge', 'platform'] as const;

describe('the Dockerfile', () => {
  it('builds in stages from pinned images, and copies only what there is', () => {
    assert.ok(stages.length >= 5);
    const names = new Set(stages.map(({ name }) => name));
    for (const { from, instructions } of stages) {
      assert.ok(names.has(from) || /^[a-z0-9/.-]+:\d+\.\d+\.\d+[a-z0-9.-]*$/u.test(from), `${from} is not pinned`);
      for (const { keyword, words, flags, text } of instructions) {
        assert.notEqual(keyword, 'ADD', text);
        assert.doesNotMatch(text, /\bsudo\b|curl .*\|\s*sh|--privileged|(?:TOKEN|SECRET|PASSWORD|API_KEY)=/u);
        if (keyword !== 'COPY' || flags.has('from')) continue;
        for (const source of words.slice(0, -1)) assert.ok(existsSync(join(ROOT, source)), `${source} is not there`);
      }
    }
  });

  it('ends in images that run as nobody in particular, with a health check and without a shell', () => {
    for (const target of TARGETS) {
      const instructions = chainOf(stages, target).flatMap((stage) => stage.instructions);
      const last = (keyword: string): string => instructions.findLast((one) => one.keyword === keyword)?.text ?? '';
      assert.match(last('USER'), /^[1-9]\d{3,}:[1-9]\d{3,}$/u);
      assert.equal(
        instructions.findLastIndex(({ keyword }) => keyword === 'RUN' || keyword === 'COPY') <
          instructions.findIndex(({ keyword }) => keyword === 'USER'),
        true,
      );
      for (const keyword of ['ENTRYPOINT', 'CMD', 'HEALTHCHECK']) assert.ok(listOf(last(keyword)), `${target} ${keyword}`);
      assert.equal(last('VOLUME'), '/data');
    }
  });

  it('tells npm of every workspace that it copies, and copies every workspace that those need', () => {
    for (const target of TARGETS) {
      const copied = chainOf(stages, target)
        .flatMap(({ instructions }) => instructions.flatMap(({ keyword, words }) => (keyword === 'COPY' ? [words[0] ?? ''] : [])))
        .filter((path) => existsSync(join(ROOT, path, 'package.json')));
      const install =
        stages
          .find(({ name }) => name === `${target}-packages`)
          ?.instructions.map(({ text }) => text)
          .join(' ') ?? '';
      const manifests =
        stages
          .find(({ name }) => name === 'manifests')
          ?.instructions.map(({ text }) => text)
          .join('\n') ?? '';
      for (const path of copied) {
        const { name, dependencies = {} } = z
          .looseObject({ name: z.string(), dependencies: z.record(z.string(), z.string()).optional() })
          .parse(JSON.parse(readFileSync(join(ROOT, path, 'package.json'), 'utf8')));
        assert.ok(install.includes(`--workspace=${name}`), `${target} does not install for ${name}`);
        assert.ok(manifests.includes(`${path}/package.json`), `npm does not see ${path}`);
        const needed = Object.keys(dependencies).filter((other) => other.startsWith('@loopwright/'));
        for (const other of needed)
          assert.ok(
            copied.some((one) => one.endsWith(other.replace('@loopwright', ''))),
            `${target} lacks ${other}`,
          );
      }
    }
  });
});

const serviceSchema = z.looseObject({
  build: z.object({ context: z.literal('..'), target: z.enum(TARGETS) }),
  read_only: z.literal(true),
  cap_drop: z.tuple([z.literal('ALL')]),
  security_opt: z.tuple([z.literal('no-new-privileges:true')]),
  restart: z.string(),
  pids_limit: z.int(),
  mem_limit: z.string(),
  // Nothing is open to the network before somebody says so.
  ports: z.array(z.string().regex(/^127\.0\.0\.1:/u)),
  volumes: z.array(z.string().regex(/:\/data$|:\/etc\/loopwright\/deployment\.yaml:ro$/u)),
});

describe('the compose files', () => {
  it('give away no right that is not needed', () => {
    const files = readdirSync(join(ROOT, 'docker')).filter((name) => name.startsWith('compose'));
    assert.deepEqual(files.sort(), ['compose.edge.yaml', 'compose.yaml']);
    for (const name of files) {
      const { services, volumes } = z
        .object({ services: z.record(z.string(), serviceSchema), volumes: z.record(z.string(), z.null()) })
        .parse(parse(readFileSync(join(ROOT, 'docker', name), 'utf8')));
      for (const service of Object.values(services))
        for (const volume of service.volumes) {
          const [source = ''] = volume.split(':');
          assert.ok(source in volumes || existsSync(join(ROOT, 'docker', source)), volume);
        }
    }
  });
});

const bubblewrap = spawnSync('bwrap', ['--unshare-user', '--ro-bind', '/', '/', 'true']).status === 0;

describe(
  'the images, in a root that has nothing but what the Dockerfile copies',
  { skip: bubblewrap ? false : 'bubblewrap cannot make a root here' },
  () => {
    const folders: string[] = [];
    const running: ChildProcess[] = [];
    before(() => assert.ok(bubblewrap));
    after(() => {
      for (const child of running) child.kill('SIGKILL');
      for (const folder of folders) rmSync(folder, { recursive: true, force: true });
    });

    function rootOf(target: (typeof TARGETS)[number]): BareRoot {
      const data = mkdtempSync(join(tmpdir(), 'loopwright-image-'));
      folders.push(data);
      chownSync(data, process.getuid?.() ?? 0, process.getgid?.() ?? 0);
      return bareRoot(stages, target, data);
    }

    async function start(
      { bubblewrap: arguments_, entrypoint }: BareRoot,
      command: readonly string[],
    ): Promise<{ url: string; child: ChildProcess }> {
      const child = spawn('bwrap', [...arguments_, ...entrypoint, ...command], { stdio: ['ignore', 'pipe', 'pipe'] });
      running.push(child);
      let said = '';
      child.stderr.on('data', (chunk) => (said += String(chunk)));
      for await (const chunk of child.stdout) {
        const url = /listening on (\S+)/u.exec(String(chunk))?.[1];
        if (url !== undefined) return { url: url.replace('0.0.0.0', '127.0.0.1'), child };
      }
      throw new Error(`Cannot start ${command.join(' ')}: ${said}`);
    }

    /** Ends with the health check of the image, run in the same root. */
    async function untilHealthy({ bubblewrap: arguments_, healthCheck }: BareRoot, url: string): Promise<void> {
      const [node = '', script = ''] = healthCheck;
      for (const end = performance.now() + 60_000; ; await delay(100)) {
        const check = spawnSync('bwrap', [...arguments_, node, script, `${url}/health`]);
        if (check.status === 0) return;
        assert.ok(performance.now() < end, `${url} is not healthy`);
      }
    }

    const withPort = (command: readonly string[]): string[] => command.map((word) => (word === '8080' ? '0' : word));

    it('serve: the edge starts, is healthy, and answers', async () => {
      const root = rootOf('edge');
      const store = new ProgramStore({ dir: folders.at(-1) ?? '', clock: systemClock });
      await store.store('twice', { id: 'a', source: 'export const run = (input: number): number => 2 * input;' });
      await store.setActive('twice', 1, { record: { id: 'first' } });
      const { url, child } = await start(root, withPort(root.command));
      await untilHealthy(root, url);
      const headers = { 'content-type': 'application/json' };
      const answer = await fetch(`${url}/execute`, { method: 'POST', headers, body: '{"input":21}' });
      assert.equal(z.looseObject({ output: z.number() }).parse(await answer.json()).output, 42);
      child.kill('SIGTERM');
    });

    it('serve: the platform starts with both of its modules', async () => {
      const root = rootOf('platform');
      const command = [
        'server',
        '--host',
        '127.0.0.1',
        '--port',
        '0',
        '--edge-port',
        '0',
        '--generator-port',
        '0',
        '--log-level',
        'error',
        '--sandbox-workers',
        '1',
      ];
      const { url, child } = await start(root, command);
      await untilHealthy(root, url);
      const healthSchema = z.looseObject({ modules: z.array(z.looseObject({ status: z.string() })) });
      for (const end = performance.now() + 60_000; ; await delay(100)) {
        const { modules } = healthSchema.parse(await (await fetch(`${url}/health`)).json());
        if (modules.length === 2 && modules.every(({ status }) => status === 'running')) break;
        assert.ok(performance.now() < end, JSON.stringify(modules));
      }
      child.kill('SIGTERM');
    });

    it('have a root that cannot be written to, and a user without rights', () => {
      const root = rootOf('edge');
      const script = `const fs = require('fs'); const tries = ['/x', '/app/x', '/etc/x', '/usr/x'].map((path) => { try { fs.writeFileSync(path, ''); return path; } catch (error) { return error.code; } }); fs.writeFileSync('/data/x', ''); fs.writeFileSync('/tmp/x', ''); console.log(JSON.stringify([process.getuid(), tries, fs.existsSync('/bin/sh'), fs.existsSync('/work')]));`;
      const { stdout, stderr } = spawnSync('bwrap', [...root.bubblewrap, 'node', '--eval', script], { encoding: 'utf8' });
      assert.deepEqual(JSON.parse(stdout || stderr), [10001, ['EROFS', 'EROFS', 'EROFS', 'EROFS'], false, false]);
    });
  },
);
