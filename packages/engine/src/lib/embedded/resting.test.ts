import assert from 'node:assert/strict';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { describe, it } from 'node:test';
import type { Engine } from './engine.ts';
import { countingFunctions, journalDir, openEngine, startOne, until, untilStatus } from './engine-fixture.ts';

const ASK = '{ call: accept, with: { title: Take it?, doc_type: version, subject: x } }';
const WAIT = '{ wait: { hours: 1 } }';

/** Opens the engine again on the folder and gives the executions that it took up for it. */
async function takenUp(
  dir: string,
  bodies: Record<string, string>,
  inspect: (engine: Engine) => void = () => undefined,
): Promise<string[]> {
  const engine = await openEngine(dir, countingFunctions().functions, bodies);
  const ids = engine.read.unfinished();
  inspect(engine);
  await engine.close(0);
  return ids;
}

async function parked(dir: string, body: string, isParked: (engine: Engine, id: string) => boolean): Promise<string> {
  const engine = await openEngine(dir, countingFunctions().functions, { rests: body });
  const { execution } = await startOne(engine, 'rests');
  await until(engine, execution.id, () => isParked(engine, execution.id));
  await engine.close(0);
  return execution.id;
}

const hasWaiting = (engine: Engine, id: string): boolean => engine.read.journal(id).some(({ state }) => state === 'waiting');

describe('an execution at rest', () => {
  it('is not taken up by a restart while it waits for a person, a timer or an event', async () => {
    for (const body of [ASK, WAIT, '{ listen: { to: { one: { with: { type: a.b } } } } }']) {
      const dir = journalDir();
      await parked(dir, `do: [only: ${body}]`, hasWaiting);
      assert.deepEqual(await takenUp(dir, {}), [], body);
    }
  });

  it('rests with several branches once all of them wait, and goes on when one of them is woken after a restart', async () => {
    const dir = journalDir();
    const body = `do: [both: { fork: { branches: [{ asks: ${ASK} }, { waits: ${WAIT} }] } }, after: { call: note, with: { id: after } }]`;
    const id = await parked(dir, body, (engine) => engine.read.unfinished().length === 0);
    assert.deepEqual(await takenUp(dir, { rests: body }), []);
    const engine = await openEngine(dir, countingFunctions().functions, { rests: body });
    const by = { answerId: 'a1', answeredBy: 'ann' };
    await engine.answer({ executionId: id, step: 'asks' }, { kind: 'acceptance', accepted: true }, by);
    assert.equal(engine.read.execution(id)?.status, 'running');
    await until(engine, id, () => engine.read.unfinished().length === 0);
    await engine.close(0);
  });

  it('is taken up when its answer was recorded and nobody went on with it', async () => {
    const dir = journalDir();
    const body = `do: [asks: ${ASK}, after: { call: hang, with: { id: after } }]`;
    const id = await parked(dir, body, hasWaiting);
    const engine = await openEngine(dir, countingFunctions().functions, { rests: body });
    await engine.answer({ executionId: id }, { kind: 'acceptance', accepted: true }, { answerId: 'a1', answeredBy: 'ann' });
    await engine.close(0);
    assert.deepEqual(await takenUp(dir, { rests: body }), [id]);
  });

  it('rests again after a restart that took it up for nothing', async () => {
    const dir = journalDir();
    const body = `do: [asks: ${ASK}]`;
    const id = await parked(dir, body, hasWaiting);
    const database = new DatabaseSync(join(dir, 'engine.db'));
    database.exec('UPDATE executions SET rests = 0');
    database.close();
    const engine = await openEngine(dir, countingFunctions().functions, { rests: body });
    await until(engine, id, () => engine.read.unfinished().length === 0);
    await engine.close(0);
  });

  it('keeps its timer over pause and resume, and is not taken up for it', async () => {
    const dir = journalDir();
    const body = `do: [waits: ${WAIT}]`;
    const id = await parked(dir, body, hasWaiting);
    const engine = await openEngine(dir, countingFunctions().functions, { rests: body });
    await engine.pause(id, 'ann');
    await engine.resume(id, 'ann');
    await untilStatus(engine, id, 'running');
    await engine.close(0);
    await takenUp(dir, { rests: body }, ({ read }) => assert.ok((read.entry(id, 'waits')?.dueAt ?? 0) > Date.now()));
  });
});
