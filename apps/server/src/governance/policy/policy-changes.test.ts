import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock } from '@loopwright/protocol';
import { pino } from 'pino';
import type { TestServer } from '../../http/app-fixture.ts';
import { createOne, nextOf } from '../../runs/runs-fixture.ts';
import { serverHealth } from '../../server-health.ts';
import { governanceOf, openGovernedServer } from '../governance-fixture.ts';
import { followPolicies } from './follow-policies.ts';
import type { PolicyChange, PolicyFolder } from './policy-folder.ts';

const layer = (max: number): string =>
  `custom_gates:\n  - { id: few_files, kind: metric, metric: files, max: ${max}, on_failure: warn, phases: [planning, development, qa] }\n`;

let folder: string;
let server: TestServer;
let policies: PolicyFolder;
let stop: () => void;
const log: string[] = [];
before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'loopwright-policy-changes-'));
  mkdirSync(join(folder, 'projects'));
  writeFileSync(join(folder, 'universal.yaml'), 'gates: { default: { on_failure: warn } }\n');
  writeFileSync(join(folder, 'projects/default.yaml'), layer(100));
  server = await openGovernedServer({ policiesDir: folder });
  policies = server.gates.governance.policies;
  stop = followPolicies(policies, { audit: server.audit, log: pino({}, { write: (line) => void log.push(line) }) });
});
after(async () => {
  stop();
  await server[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true, force: true });
});

const write = (text: string): void => writeFileSync(join(folder, 'projects/default.yaml'), text);
const maxOf = (): unknown => policies.effective('default').customGates.map((gate) => 'max' in gate && gate.max);

describe('a policy that changes while the server runs', () => {
  it('holds from the next gate on; a broken one leaves the last good one in force, and is told of with path, line and reason', async () => {
    const { run_id } = await createOne(server, { profile: 'checked', inputs: { planning: { 'PRD.md': 'one' } } });
    await nextOf(server, run_id);
    write(layer(0));
    await nextOf(server, run_id);
    const good = policies.digest;
    write('custom_gates:\n  - { id: few_files, kind: metric, metric: fies, max: 5 }\n');
    await nextOf(server, run_id);
    const { checks } = await governanceOf(server, run_id);
    const said = checks.map(({ results }) => {
      const gate = results?.quality_gates.find(({ gate_id }) => gate_id === 'few_files');
      return [gate?.threshold, gate?.status];
    });
    assert.deepEqual(said, [
      [100, 'passed'],
      [0, 'warned'],
      [0, 'warned'],
    ]);
    const [first, second, third] = checks.map(({ policy_digest }) => policy_digest);
    assert.match(first ?? '', /^[0-9a-f]{64}$/);
    assert.notEqual(first, second);
    assert.equal(second, third);
    assert.equal(policies.digest, good);

    const where = /projects\/default\.yaml" at line 2: \/custom_gates\/0\/metric/;
    const source = serverHealth({
      supervisor: { state: () => [] },
      engine: server.engine,
      audit: server.audit,
      policies,
      clock: systemClock,
    });
    assert.match(source.health().policy_fault ?? '', where);
    assert.equal(source.health().status, 'healthy', 'what holds is whole');
    assert.match(log.join(''), /"level":50[^\n]*projects\/default\.yaml\\" at line 2/);
    await server.audit.settled();
    const entries = await server.database.selectFrom('audit').selectAll().where('operation', '=', 'policies').execute();
    assert.deepEqual(
      entries.map(({ kind, status }) => [kind, status]),
      [
        ['outcome', 200],
        ['refused', 400],
      ],
    );
    assert.match(JSON.parse(entries[1]?.after ?? '{}').reason, where);
    write(layer(0));
    await policies.refresh();
    assert.equal(policies.fault, undefined);
  });

  it('is taken when it is whole: neither its first half nor an empty file is one', async () => {
    const changes: PolicyChange[] = [];
    policies.listen((change) => changes.push(change));
    const text = `${layer(7)}  - { id: small, kind: metric, metric: bytes, max: 9, phases: [qa] }\n`;
    write('');
    const taken = policies.refresh();
    for (const part of [0.5, 0.75, 1]) {
      await delay(120);
      write(text.slice(0, part === 1 ? undefined : layer(7).length));
    }
    await taken;
    await policies.refresh();
    assert.deepEqual(maxOf(), [7, 9]);
    assert.deepEqual(
      changes.map(({ kind }) => kind),
      ['changed'],
      'nothing was taken in between',
    );
    write('');
    await policies.refresh();
    assert.match(policies.fault?.message ?? '', /default\.yaml": it is empty/);
    assert.deepEqual(maxOf(), [7, 9]);
  });

  it('is seen without a gate as well, and where its folder was made later', async () => {
    rmSync(join(folder, 'projects'), { recursive: true });
    await policies.refresh();
    assert.deepEqual(maxOf(), []);
    mkdirSync(join(folder, 'projects'));
    write(layer(3));
    for (const end = performance.now() + 60_000; policies.effective('default').customGates.length === 0; await delay(10))
      assert.ok(performance.now() < end, 'nobody saw it');
    assert.deepEqual(maxOf(), [3]);
    assert.equal(policies.fault, undefined);
  });
});
