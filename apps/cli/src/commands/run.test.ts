import assert from 'node:assert/strict';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { after, before, describe, it } from 'node:test';
import { Client } from '@loopwright/client';
import {
  PlatformError,
  programAliasSchema,
  listRunsResponseSchema,
  metricsSummarySchema,
  runDetailSchema,
  runSummarySchema,
} from '@loopwright/protocol';
import { exportCommand } from './export.ts';
import { programsCommand } from './programs.ts';
import { runCommand } from './run.ts';

/** The control plane as a process of its own, with the profile `phased`. */
const SERVE = join(import.meta.dirname, '../../../server/src/http/fixtures/serve.ts');

let dir = '';
let url = '';
let child: ChildProcessByStdio<Writable, Readable, null>;
before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-cli-run-'));
  child = spawn(process.execPath, ['--conditions=loopwright-source', SERVE, dir, '0'], { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = once(child, 'exit').then(() => assert.fail('the server ended before it listened'));
  const [line] = await Promise.race([once(createInterface(child.stdout), 'line'), ended]);
  url = String(line);
});
after(async () => {
  child.kill('SIGKILL');
  await once(child, 'exit');
  await rm(dir, { recursive: true, force: true });
});

/** What a command writes. */
async function written(...argv: string[]): Promise<string> {
  let text = '';
  const command = runCommand((more) => {
    text += more;
  });
  await command.parseAsync([...argv, '--server', url], { from: 'user' });
  return text;
}

describe('loopwright run', () => {
  it('creates, advances and shows a run, for people and for programs', async () => {
    const { run_id: id } = runSummarySchema.parse(
      JSON.parse(await written('create', 'phased', '--intake', 'Make it', '--inputs', '{"a":1}', '--json')),
    );
    assert.equal(await written('next', id), 'Advanced from planning to qa\n');
    assert.match(
      await written('show', id),
      new RegExp(
        `^${id}  phased  run_${id.slice(0, 8)}  running\\n  planning +completed[^]*It waits for somebody to advance to qa\\.\\n$`,
      ),
    );
    const shown = runDetailSchema.parse(JSON.parse(await written('show', id, '--json')));
    assert.deepEqual([shown.intake, shown.inputs, shown.current_phase], ['Make it', { a: 1 }, 'qa']);
    assert.match(await written('list', '--query', id), /1 of 1\n$/);
    const { runs } = listRunsResponseSchema.parse(
      JSON.parse(await written('list', '--status', 'running', '--limit', '1', '--json')),
    );
    assert.equal(runs.length, 1);
    assert.equal(metricsSummarySchema.parse(JSON.parse(await written('metrics', id, '--json'))).run_id, id);
    assert.equal(await written('artifacts', id), '0 artifacts\n');
    await assert.rejects(written('next', 'nobody'), (error) => error instanceof PlatformError && error.code === 'RUN_NOT_FOUND');
  });
});

describe('loopwright export', () => {
  it('writes what was recorded to a file, which it does not replace unasked', async () => {
    const { output } = await new Client({ baseUrl: url, userId: 'ann' }).execute('shout', { text: 'hi' });
    assert.equal(output, 'HI');
    const file = join(dir, 'exported.csv');
    const exported = async (...argv: string[]): Promise<string> => {
      let text = '';
      const command = exportCommand((more) => {
        text += more;
      });
      await command.parseAsync([...argv, '--server', url], { from: 'user' });
      return text;
    };
    assert.match(await exported('shout', '--output', file), /exported\.csv {2}\d+ bytes\n$/);
    const csv = await readFile(file, 'utf8');
    assert.match(csv, /^executed_at,.*\r\n.*"\{""result"":""HI""\}",,\r\n$/s);
    await assert.rejects(exported('shout', '--output', file), /it is there; --force replaces it/);
    const figures = JSON.parse(await exported('shout', '--kind', 'analytics', '--output', file, '--force', '--json')) as object;
    assert.deepEqual(figures, { file, bytes: (await readFile(file)).length });
    assert.match(await readFile(file, 'utf8'), /^date,total_executions,/);
    await assert.rejects(
      exported('nobody', '--output', join(dir, 'none.csv')),
      (error) => error instanceof PlatformError && error.code === 'PROGRAM_NOT_FOUND',
    );
    assert.deepEqual(
      (await readdir(dir)).filter((name) => name.startsWith('none') || name.endsWith('.part')),
      [],
    );
  });
});

describe('loopwright programs alias', () => {
  const alias = async (...argv: string[]): Promise<string> => {
    let text = '';
    const command = programsCommand((more) => {
      text += more;
    });
    await command.parseAsync(['alias', ...argv, '--server', url], { from: 'user' });
    return text;
  };
  const isRefused =
    (code: string) =>
    (error: unknown): boolean =>
      error instanceof PlatformError && error.code === code;

  it('makes, moves, shows, rolls back and removes an alias, and says where it pointed when', async () => {
    assert.match(await alias('list', 'shout'), /^active +v1 {2}\S+\n$/);
    await assert.rejects(alias('set', 'shout', 'stable', '--to', '1', '--from', '1'), isRefused('ALIAS_NOT_FOUND'));
    assert.match(await alias('set', 'shout', 'stable', '--to', 'v1', '--comment', 'first'), /^stable +v1 /);
    await assert.rejects(alias('set', 'shout', 'stable', '--to', '9'), isRefused('ARTIFACT_NOT_FOUND'));
    await assert.rejects(alias('set', 'shout', 'stable', '--to', '1', '--from', '4'), isRefused('ALIAS_MOVED'));
    await assert.rejects(alias('rollback', 'shout', 'stable'), isRefused('INVALID_STATE'));
    const seen = programAliasSchema.parse(JSON.parse(await alias('show', 'shout', 'stable', '--json')));
    assert.deepEqual([seen.alias, seen.version], ['stable', 1]);
    const client = new Client({ baseUrl: url, userId: 'ann' });
    assert.equal((await client.execute('shout', { text: 'hi' }, 'stable')).output, 'HI');
    await assert.rejects(client.aliases.make({ program: 'shout', alias: 'stable' }, 1), isRefused('PRECONDITION_FAILED'));
    assert.match(await alias('list', 'shout'), /^active +v1 .*\nstable +v1 .*\n$/);
    assert.match(await alias('remove', 'shout', 'stable'), /^Removed stable +v1 /);
    assert.match(await alias('history', 'shout', 'stable'), /^v1 {2}\S+ – \d\S+ {2}developer {2}first\n$/);
    assert.equal(await alias('history', 'shout', 'stable', '--at', '2020-01-01T00:00:00Z'), 'Nowhere\n');
    await assert.rejects(client.execute('shout', { text: 'hi' }, 'stable'), isRefused('ALIAS_NOT_FOUND'));
  });
});

describe('client.runs', () => {
  it('does everything that is done with a run', async () => {
    const { runs } = new Client({ baseUrl: url, userId: 'ann' });
    const { run_id: id } = await runs.create({ profile: 'phased' }, { idempotencyKey: 'one' });
    assert.equal((await runs.create({ profile: 'phased' }, { idempotencyKey: 'one' })).run_id, id);
    assert.equal((await runs.pause(id)).status, 'paused');
    assert.equal((await runs.resume(id)).status, 'running');
    const first = await runs.next(id, { idempotencyKey: 'two' });
    assert.deepEqual(await runs.next(id, { idempotencyKey: 'two' }), first);
    const clone = await runs.clone(id, { intake: 'another' });
    assert.equal(clone.cloned_from, id);
    assert.equal((await runs.cancel(clone.run_id, 'no need')).status, 'cancelled');
    assert.equal((await runs.next(id, { skipValidation: true })).status, 'completed');
    assert.equal((await runs.list({ q: id })).total, 1);
    await assert.rejects(runs.retry(id), (error) => error instanceof PlatformError && error.code === 'INVALID_STATE');
    await assert.rejects(
      runs.artifactText(id, 'qa_none.md'),
      (error) => error instanceof PlatformError && error.code === 'RUN_ARTIFACT_NOT_FOUND',
    );
  });
});
