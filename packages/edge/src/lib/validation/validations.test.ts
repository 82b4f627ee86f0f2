import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { type Clock, PlatformError, type ValidationRecord, seededRandom, systemClock } from '@loopwright/protocol';
import { Datasets } from '../dataset/datasets.ts';
import { openWatchingDatabase } from '../watching/watching-database.ts';
import { NOT_WATCHING } from '../watching/watching-options.ts';
import { Watching } from '../watching/watching.ts';
import { CLAIM_MS } from './sample-queue.ts';
import { DEFAULT_VALIDATION, type ValidationOptions } from './validation-options.ts';
import type { Validations } from './validations.ts';

const folders: string[] = [];
after(() => Promise.all(folders.map((dir) => rm(dir, { recursive: true, force: true }))));

interface Opened {
  readonly dir: string;
  readonly validations: Validations;
  readonly watching: Watching;
  readonly datasets: Datasets;
  readonly written: () => Promise<ValidationRecord[]>;
  readonly close: () => Promise<void>;
}

async function open(
  options: Partial<ValidationOptions> = {},
  { dir, clock = systemClock }: { dir?: string; clock?: Clock } = {},
): Promise<Opened> {
  const folder = dir ?? (await mkdtemp(join(tmpdir(), 'loopwright-validations-')));
  folders.push(folder);
  const datasets = new Datasets({ dir: folder, clock, log: () => undefined });
  const watching = new Watching({
    dir: folder,
    durability: 'process',
    datasets,
    keepDays: 30,
    activeVersion: () => 1,
    clock,
    random: seededRandom(1),
    options: { ...NOT_WATCHING, validation: { ...DEFAULT_VALIDATION, ...options } },
    log: assert.fail,
  });
  const written = async (): Promise<ValidationRecord[]> => {
    const records: ValidationRecord[] = [];
    for await (const record of (await datasets.of('t')).readValidations(datasets.today)) records.push(record);
    return records;
  };
  const close = async (): Promise<void> => {
    await watching[Symbol.asyncDispose]();
    await datasets.close();
  };
  return { dir: folder, validations: watching.validations, watching, datasets, written, close };
}

function add(validations: Validations, ...ids: string[]): void {
  for (const sampleId of ids)
    validations.add({
      sampleId,
      taskId: 't',
      programId: 'p',
      version: 1,
      inputJson: `{"text":"${sampleId}"}`,
      outputJson: '"spam"',
      reason: sampleId.startsWith('odd') ? 'edge_case' : 'random',
      slice: 'simple',
    });
}

function codeOf(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof PlatformError ? error.code : String(error);
  }
  return 'nothing was thrown';
}

describe('Validations', () => {
  it('gives each sample to one person, in their order, until the claim ends', async () => {
    let now = systemClock.now();
    const clock: Clock = { now: () => now, schedule: () => () => undefined };
    const { validations, close } = await open({}, { clock });
    add(validations, 'a', 'b');
    assert.equal(validations.claim('t', 'ann')?.sample_id, 'a');
    assert.equal(validations.claim('t', 'ann')?.sample_id, 'a', 'the same person gets the one that they have');
    assert.equal(validations.claim('t', 'bob')?.sample_id, 'b');
    assert.equal(validations.claim('t', 'eve'), null);
    assert.equal(
      codeOf(() => validations.claim('t', 'eve', 'a')),
      'SAMPLE_TAKEN',
    );
    assert.equal(
      codeOf(() => validations.skip('t', 'a', 'eve')),
      'SAMPLE_TAKEN',
    );
    assert.equal(
      codeOf(() => validations.claim('t', 'eve', 'nothing')),
      'SAMPLE_NOT_FOUND',
    );
    assert.equal(
      codeOf(() => validations.skip('other', 'a', 'ann')),
      'SAMPLE_NOT_FOUND',
    );
    assert.deepEqual(validations.list('t', { state: 'open', after: 0, limit: 10 }).samples, []);
    now += CLAIM_MS;
    assert.equal(validations.list('t', { state: 'open', after: 0, limit: 10 }).samples.length, 2);
    assert.equal(validations.claim('t', 'eve')?.sample_id, 'a');
    assert.equal(validations.skip('t', 'a', 'eve').state, 'skipped');
    assert.equal(validations.skip('t', 'a', 'eve').state, 'skipped', 'again is the same');
    assert.equal(
      codeOf(() => validations.claim('t', 'bob', 'a')),
      'SAMPLE_TAKEN',
    );
    await close();
  });

  it('writes an answer once, says who was first, and counts it with intervals', async () => {
    const { validations, watching, written, close } = await open();
    add(validations, 'a', 'b', 'odd');
    const [one, again] = await Promise.all([
      validations.answer('t', 'a', { output: 'ham' }, { by: 'ann' }),
      validations.answer('t', 'a', { output: 'ham' }, { by: 'ann' }),
    ]);
    assert.deepEqual(one, again);
    await assert.rejects(validations.answer('t', 'a', { output: 'spam' }, { by: 'ann' }), { code: 'SAMPLE_TAKEN' });
    await assert.rejects(validations.answer('t', 'a', { output: 'ham' }, { by: 'bob' }), (error: PlatformError) => {
      assert.deepEqual([error.code, error.details?.['by'], error.details?.['state']], ['SAMPLE_TAKEN', 'ann', 'answered']);
      return true;
    });
    await validations.answer('t', 'b', { correct: true }, { by: 'bob' });
    await validations.answer('t', 'odd', { output: 'ham' }, { by: 'bob' });
    const records = await written();
    assert.deepEqual(
      records.map(({ execution_id, match, oracle_output, oracle_model, sample_reason, failure_type }) => [
        execution_id,
        match,
        oracle_output,
        oracle_model,
        sample_reason,
        failure_type,
      ]),
      [
        ['a', false, 'ham', 'ann', 'random', 'logic_error'],
        ['b', true, 'spam', 'bob', 'random', null],
        ['odd', false, 'ham', 'bob', 'edge_case', 'edge_case'],
      ],
    );
    const { versions, samples, budget } = watching.summary('t');
    assert.deepEqual(samples, { open: 0, claimed: 0, answered: 3, skipped: 0, expired: 0 });
    assert.equal(budget.exhausted, false);
    const [version] = versions;
    assert.deepEqual(
      [version?.all.total, version?.all.matched, version?.estimate.total, version?.estimate.share],
      [3, 1, 2, 0.5],
    );
    // Wilson's interval of one of two.
    assert.deepEqual([version?.estimate.low.toFixed(3), version?.estimate.high.toFixed(3)], ['0.095', '0.905']);
    assert.deepEqual(Object.keys(version?.by_reason ?? {}).sort(), ['edge_case', 'random']);
    await close();
  });

  it('writes after a crash what was answered and did not reach the data set, and nothing twice', async () => {
    const first = await open();
    add(first.validations, 'a', 'b');
    for (const id of ['a', 'b']) await first.validations.answer('t', id, { output: 'ham' }, { by: 'ann' });
    await first.close();
    // As a crash leaves them: `a` stands in the data set, of `b` nothing is known there.
    const database = openWatchingDatabase(first.dir, 'process');
    database.exec(
      `UPDATE samples SET logged = 0; UPDATE samples SET sample_id = 'c', validation = replace(validation, '-b"', '-c"') WHERE sample_id = 'b'`,
    );
    database.close();
    for (let restart = 0; restart < 2; restart += 1) await (await open({}, { dir: first.dir })).close();
    const last = await open({}, { dir: first.dir });
    assert.deepEqual((await last.written()).map(({ id }) => id.replace('validation-', '')).sort(), ['a', 'b', 'c']);
    await last.close();
  });

  it('asks no more when the oracle has cost what it may, and says so; what was paid for is taken', async () => {
    let now = Date.parse('2026-11-21T12:00:00Z');
    const clock: Clock = { now: () => now, schedule: () => () => undefined };
    const { validations, watching, close } = await open({ budgetUsdPerDay: 1, answerCostUsd: 0.6 }, { clock });
    add(validations, 'a', 'b', 'c');
    validations.claim('t', 'ann', 'c');
    await validations.answer('t', 'a', { output: 'ham' }, { by: 'ann' });
    assert.equal(watching.summary('t').budget.exhausted, false);
    await validations.answer('t', 'b', { output: 'ham' }, { by: 'ann' });
    assert.deepEqual(watching.summary('t').budget, { day: '2026-11-21', limit_usd: 1, spent_usd: 1.2, exhausted: true });
    assert.equal(
      codeOf(() => validations.claim('t', 'ann')),
      'ORACLE_BUDGET_REACHED',
    );
    add(validations, 'd');
    assert.equal(
      codeOf(() => validations.get('t', 'd')),
      'SAMPLE_NOT_FOUND',
    );
    assert.equal((await validations.answer('t', 'c', { correct: true }, { by: 'ann' })).state, 'answered');
    now += 86_400_000;
    add(validations, 'e');
    assert.equal(validations.claim('t', 'ann')?.sample_id, 'e');
    await close();
  });

  it('keeps a bounded number that wait: the oldest expire', async () => {
    const { validations, watching, close } = await open({ queueLimit: 3 });
    add(validations, ...Array.from({ length: 10 }, (_, index) => `s${index}`));
    const { samples, next_cursor: cursor } = validations.list('t', { state: 'open', after: 0, limit: 2 });
    assert.deepEqual(
      samples.map(({ sample_id }) => sample_id),
      ['s7', 's8'],
    );
    const rest = validations.list('t', { state: 'open', after: Number(cursor), limit: 2 });
    assert.deepEqual([rest.samples.map(({ sample_id }) => sample_id), rest.next_cursor], [['s9'], null]);
    assert.equal(watching.summary('t').samples.expired, 7);
    await close();
  });

  it('costs no request anything when samples cannot be kept, and says so once', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'loopwright-validations-'));
    folders.push(dir);
    await mkdir(join(dir, 'datasets/watching.db'), { recursive: true });
    const told: string[] = [];
    const datasets = new Datasets({ dir, clock: systemClock, log: assert.fail });
    await using watching = new Watching({
      dir,
      durability: 'process',
      datasets,
      keepDays: 30,
      activeVersion: () => 1,
      clock: systemClock,
      random: seededRandom(1),
      options: { ...NOT_WATCHING, sampling: { strategy: 'random', rate: 1 } },
      log: (message) => told.push(message),
    });
    for (let request = 0; request < 3; request += 1)
      assert.equal(watching.choose('t', { input: 'x', inputJson: '"x"', output: 'y' }), undefined);
    assert.equal(told.length, 1);
    assert.match(told[0] ?? '', /^Cannot watch "t": Cannot open /);
    await datasets.close();
  });
});
