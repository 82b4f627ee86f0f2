// The edge that a soak kills: `edge-process.ts FOLDER ORIGIN DAY_MS`. Prints its URL and its jail as one line of JSON; ends with its input.
import { DEFAULT_WATCHING, createEdge, openJail } from '@loopwright/edge';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { KEPT_DAYS, PROGRAM_TIMEOUT_MS, WORKERS } from './limits.ts';
import { shortDays } from './short-days.ts';

const [dataDir = '', origin = '', dayMs = ''] = process.argv.slice(2);
const jail = await openJail({ policy: 'preferred', clock: systemClock });
await using edge = await createEdge({
  dataDir,
  sandbox: { jail, workers: WORKERS, timeoutMs: PROGRAM_TIMEOUT_MS, memoryLimitMb: 64 },
  watching: DEFAULT_WATCHING,
  calendar: shortDays(Number(origin), Number(dayMs)),
  retentionDays: KEPT_DAYS,
  validationDays: KEPT_DAYS,
  compressAfterDays: 1,
  loopbackOnly: true,
  clock: systemClock,
  random: systemRandom,
});
const url = await edge.app.listen({ host: '127.0.0.1', port: 0 });
process.stdout.write(`${JSON.stringify({ url, jail: jail.name })}\n`);
await new Promise((resolve) => {
  process.stdin.resume().once('end', resolve);
});
