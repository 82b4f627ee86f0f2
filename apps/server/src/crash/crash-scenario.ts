import assert from 'node:assert/strict';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  advanceRunResponseSchema,
  humanTaskSchema,
  type Rollback,
  rollbackListSchema,
  rollbackSchema,
  runDetailSchema,
  runSummarySchema,
  webhookWithSecretSchema,
} from '@loopwright/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { CrashingServer } from './crashing-server.ts';

const PHASES = ['one', 'two', 'three'];

const agentOf = (phase: string): string =>
  `write-${phase}: { call: agent, with: { role: writer, phase: ${phase}, task: "Write \${ \\"x\\" }", questions: false, files: true, outputs: [{ name: notes.md, title: Notes, sections: { what: What it is } }] } }`.replace(
    '"Write ${ \\"x\\" }"',
    `'\${ "Write ${phase} of \\($workflow.input.run_id)" }'`,
  );

/** Three phases that an agent writes; a gate of the first one blocks and asks. */
const PROFILE = `
document: { dsl: '1.0.0', namespace: test, name: written, version: '1.0.0', metadata: { profile: { title: Written, phases: { one: {}, two: {}, three: {} } } } }
do:
  - one:
      do:
        - ${agentOf('one')}
        - check-one: { call: check, with: { phase: one, policy: { custom_gates: [{ kind: validator, id: has_plan, file: one/plan.json, when_not_measured: block, phases: [one] }] } } }
  - two: { do: [{ ${agentOf('two')} }] }
  - three: { do: [{ ${agentOf('three')} }] }`;

/** Writes the profile of the scenario and gives the flags of a server that has it. */
export async function scenarioFlags(
  dir: string,
  { modelUrl, more = [] }: { modelUrl: string; more?: readonly string[] },
): Promise<string[]> {
  await mkdir(join(dir, 'profiles'), { recursive: true });
  await writeFile(join(dir, 'profiles/written.yaml'), PROFILE);
  const prices = join(dir, 'prices.yaml');
  await writeFile(prices, `prices: [{ provider: compatible, model: scripted, from: '2020-01-01', input: 2, output: 10 }]`);
  const settings = {
    'data-dir': join(dir, 'data'),
    'profiles-dir': join(dir, 'profiles'),
    'prices-file': prices,
    'log-level': 'error',
    'sandbox-workers': '1',
    model: 'compatible/scripted',
    'model-base-url': modelUrl,
    'webhook-private-hosts': '127.0.0.1',
    // No program is generated or run.
    'generator-url': 'http://127.0.0.1:9',
    'sandbox-jail': 'off',
  };
  return [...Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]), ...more];
}

/** What a caller was told. */
export interface Told {
  readonly manual: string;
  readonly auto: string;
  readonly rollbackId: string;
  /** The phases that were acknowledged as run, in order. */
  readonly advanced: readonly string[];
}

/** A run by hand, which is rolled back and goes on to its end, beside one that advances by itself; every request is sent until it has an answer. */
export async function playScenario(server: CrashingServer, receiverUrl: string, name: string): Promise<Told> {
  webhookWithSecretSchema.parse(
    await server.ask('POST', '/api/v1/webhooks', { body: { url: receiverUrl }, key: `hook-${name}` }),
  );
  const create = async (mode: string): Promise<string> => {
    const body = { profile: 'written', project_name: `${name} ${mode}`, mode };
    return runSummarySchema.parse(await server.ask('POST', '/runs', { body, key: `create-${name}-${mode}` })).run_id;
  };
  const manual = await create('manual');
  const advanced: string[] = [];
  const next = async (count: number): Promise<void> => {
    const body = await server.ask('POST', `/runs/${manual}/next`, { body: {}, key: `next-${name}-${count}` });
    advanced.push(advanceRunResponseSchema.parse(body).previous_phase);
  };
  await next(1);
  await answerGate(server, manual);
  await untilPhase(server, manual, 'one');
  await next(2);
  const rolledBack = await rollBack(server, manual, `back-${name}`);
  await next(3);
  const auto = await create('auto');
  await answerGate(server, auto);
  await next(4);
  await untilPhase(server, manual, 'three');
  await untilPhase(server, auto, 'three');
  return { manual, auto, rollbackId: rolledBack.rollback_id, advanced };
}

/** The phases that a run by hand of the scenario is told of. */
export const ADVANCED: readonly string[] = ['one', 'two', 'two', 'three'];
export { PHASES };

/** A rollback that is cut off is completed without being asked for again, or has not begun; the same key then gives the same one. */
async function rollBack(server: CrashingServer, runId: string, key: string): Promise<Rollback> {
  const path = `/runs/${runId}/checkpoints/POST_one_v1/rollback`;
  const answer = await server.askOnce(path, { body: {}, key });
  if (answer !== undefined) return rollbackSchema.parse(answer);
  for (const end = performance.now() + 60_000; ; await delay(20)) {
    const { rollbacks } = rollbackListSchema.parse(await server.ask('GET', `/runs/${runId}/rollbacks`));
    const { status } = runDetailSchema.parse(await server.ask('GET', `/runs/${runId}`));
    assert.ok(
      rollbacks.length <= 1 && (rollbacks.length === 1 || status === 'running'),
      `the run is ${status}, and no rollback says why`,
    );
    if (rollbacks.every(({ state }) => state !== 'begun')) break;
    assert.ok(performance.now() < end, 'nobody completes the rollback');
  }
  return rollbackSchema.parse(await server.ask('POST', path, { body: {}, key }));
}

async function answerGate(server: CrashingServer, runId: string): Promise<void> {
  const { execution_id } = runDetailSchema.parse(await server.ask('GET', `/runs/${runId}`));
  for (;;) {
    const { tasks } = z
      .looseObject({ tasks: z.array(humanTaskSchema) })
      .parse(await server.ask('GET', `/api/v1/tasks?execution_id=${execution_id}`));
    const [task] = tasks;
    if (task !== undefined) {
      const body = { accepted: true, comment: 'It is planned elsewhere', task_id: task.task_id };
      await server.ask('POST', `/api/v1/executions/${execution_id}/acceptance`, { body, key: `gate-${runId}` });
      return;
    }
    await delay(20);
  }
}

async function untilPhase(server: CrashingServer, runId: string, phase: string): Promise<void> {
  for (;;) {
    const { phases } = runDetailSchema.parse(await server.ask('GET', `/runs/${runId}`));
    const found = phases.find((one) => one.phase === phase);
    if (found?.status === 'completed') return;
    if (found?.status === 'failed') throw new Error(`Cannot go on: ${phase} failed with ${found.error_message}`);
    await delay(20);
  }
}
