import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { globalEventPageSchema, seededRandom, systemClock } from '@loopwright/protocol';
import { startProvider } from '@loopwright/models/scripted';
import { obedient } from '../agents/obedient-model.ts';
import { openReceiver } from '../webhooks/receiver-fixture.ts';
import { CRASH_POINTS, randomPoints } from './crash-points.ts';
import { playScenario, scenarioFlags } from './crash-scenario.ts';
import { type CrashPoint, CrashingServer } from './crashing-server.ts';
import { type Asked, examineAnswers, examineStore } from './examine-scenario.ts';

/** `npm run test:soak` has all points, one after the other, and random ones behind them. */
const WHOLE = process.env['WALL_KILLS'];
/** Only the named points that it fits, to repeat one. */
const POINTS = new RegExp(process.env['WALL_POINTS'] ?? '');
const SHORT = 'the artifacts are in the archive and nothing is in their place';

/** Plays the scenario through crashes at the points, and examines everything that is left. */
async function check(points: readonly CrashPoint[]): Promise<void> {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-walls-'));
  const asked: Asked[] = [];
  await using provider = await startProvider();
  provider.script({
    make: (request) => {
      asked.push({ task: /Write \w+ of [0-9a-f-]{36}/.exec(request.raw)?.[0] ?? '', at: systemClock.now() });
      return obedient;
    },
  });
  await using receiver = await openReceiver();
  const flags = await scenarioFlags(dir, { modelUrl: provider.url });
  const server = await CrashingServer.start(flags, points);
  const told = await (async () => {
    await using _server = server;
    const outcome = await playScenario(server, receiver.url, 'x');
    await examineAnswers(server, outcome, dir);
    const { events } = globalEventPageSchema.parse(await server.ask('GET', '/api/v1/events?limit=1000'));
    const end = performance.now() + 60_000;
    const idsOf = (position: number): Set<string> =>
      new Set(receiver.received.filter(({ payload }) => payload.data['position'] === position).map(({ id }) => id));
    for (const { position } of events) {
      while (idsOf(position).size === 0) {
        assert.ok(performance.now() < end, `the receiver was never told of the event ${position}`);
        await delay(10);
      }
      assert.equal(idsOf(position).size, 1, `the event ${position} came under several ids`);
    }
    return outcome;
  })();
  assert.equal(server.killedBefore.length, points.length, `it died at ${server.killedBefore.join('; ')}`);
  examineStore(dir, told, asked);
  await rm(dir, { recursive: true, force: true });
}

describe('the control plane under kill -9', () => {
  it('in the middle of a rollback loses nothing acknowledged and repeats nothing recorded', async () => {
    await check(CRASH_POINTS.filter(({ name }) => name === SHORT));
  });

  it('at every named point and at random ones does so too', { skip: WHOLE === undefined && 'npm run test:soak' }, async () => {
    for (const { name, ...point } of CRASH_POINTS.filter((one) => POINTS.test(one.name))) {
      process.stdout.write(`killed where ${name}\n`);
      await check([point]);
    }
    const random = seededRandom(Number(process.env['WALL_SEED'] ?? 1));
    for (let round = 0; round < Number(WHOLE); round += 1) {
      const points = randomPoints(random);
      process.stdout.write(`killed at ${JSON.stringify(points)}\n`);
      await check(points);
    }
  });
});
