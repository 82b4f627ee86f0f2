import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { Clock } from '@loopwright/protocol';
import { z } from 'zod';
import type { JailedProcess, Wall, WallName, WorkerCommandLine } from './jail.ts';

/** How long a probe may take, in milliseconds. */
const PROBE_LIMIT_MS = 60_000;

const triedSchema = z.array(z.object({ name: z.string().max(100), error: z.string().max(100).nullable() })).max(20);
const findingsSchema = z.object({
  files: triedSchema,
  network: triedSchema,
  processes: triedSchema,
  environment: z.array(z.string().max(1000)).max(1000),
});

/** What the probe could do inside. */
export type Findings = z.infer<typeof findingsSchema>;

/** The walls without which there is no jail. */
const NECESSARY: ReadonlySet<WallName> = new Set(['files', 'network', 'processes', 'system_calls', 'privileges']);

/** Why there is no jail; `undefined` when all walls stand that it needs. */
export function whatIsMissing(walls: readonly Wall[]): string | undefined {
  const fallen = walls.filter(({ name, stands }) => !stands && NECESSARY.has(name));
  return fallen.length === 0 ? undefined : fallen.map(({ name, detail }) => `${name}: ${detail}`).join('; ');
}

/** What the probe is told: a file that it must not read, a process that it must not reach, a port where somebody listens. */
interface ProbeInput {
  readonly secretFile: string;
  readonly outsidePid: number;
  readonly port: number;
}

/** Gives the command line of a probe, which prints its {@link Findings} as one line and stays until its input is closed. */
export type Probe = (input: ProbeInput) => WorkerCommandLine;

/** The probe for what runs in Node. */
export const nodeProbe: Probe = (input) => {
  const isSource = import.meta.filename.endsWith('.ts');
  const main = fileURLToPath(new URL(`./probe-main.${isSource ? 'ts' : 'js'}`, import.meta.url));
  return { command: process.execPath, args: ['--disable-warning=ExperimentalWarning', main, JSON.stringify(input)] };
};

/**
 * Starts a probe where workers would be started, lets it try to get out, looks at it from outside, and says which walls stand; that of memory is
 * left to the caller. Throws when the probe cannot be started or says nothing: then there is no jail.
 */
export async function inspectJail(
  start: (worker: WorkerCommandLine) => JailedProcess,
  clock: Clock,
  commandOf: Probe,
): Promise<Wall[]> {
  const folder = mkdtempSync(join(tmpdir(), 'loopwright-probe-'));
  const secretFile = join(folder, 'secret');
  writeFileSync(secretFile, 'secret', { mode: 0o644 });
  const server = createServer((socket) => socket.destroy());
  try {
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    return await runProbe(start(commandOf({ secretFile, outsidePid: process.pid, port })), clock);
  } finally {
    server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function runProbe(probe: JailedProcess, clock: Clock): Promise<Wall[]> {
  const { child } = probe;
  child.stdin?.on('error', () => undefined);
  const cancel = clock.schedule(PROBE_LIMIT_MS, () => probe.kill());
  const ended = new Promise<void>((resolve) => {
    child.once('close', () => resolve());
    child.once('error', () => resolve());
  });
  try {
    if (child.stdout === null) throw new Error('it has no output');
    const line = await Promise.race([once(createInterface({ input: child.stdout }), 'line'), ended]);
    if (!Array.isArray(line)) throw new Error(`it does not start (exit code ${child.exitCode ?? child.signalCode ?? 'unknown'})`);
    await probe.started;
    const findings = findingsSchema.parse(JSON.parse(String(line[0])));
    return [...wallsInside(findings), ...wallsOutside(probe.pid())];
  } finally {
    cancel();
    child.stdin?.end();
    probe.kill();
    await ended;
  }
}

function wallsInside({ files, network, processes, environment }: Findings): Wall[] {
  const fromTried = (name: WallName, tried: z.infer<typeof triedSchema>): Wall => {
    const done = tried.filter(({ error }) => error === null).map((each) => each.name);
    if (done.length > 0) return { name, stands: false, detail: `a program could ${done.join(', ')}` };
    return { name, stands: true, detail: `refused: ${tried.map((each) => `${each.name} (${each.error ?? ''})`).join(', ')}` };
  };
  const filesWall = fromTried('files', files);
  const seen =
    environment.length > 0 ? { name: 'files' as const, stands: false, detail: 'a program sees the environment' } : filesWall;
  return [seen, fromTried('network', network), fromTried('processes', processes)];
}

/** What the kernel says of the process: nothing that the process itself could claim. */
function wallsOutside(pid: number | undefined): Wall[] {
  if (pid === undefined) throw new Error('its process cannot be found');
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
  const field = (name: string): string => new RegExp(`^${name}:\\s+(\\S+)`, 'mu').exec(status)?.[1] ?? 'unknown';
  const rights = ['CapPrm', 'CapEff', 'CapAmb'].map(field);
  const hasNoRights = rights.every((mask) => /^0+$/u.test(mask)) && field('NoNewPrivs') === '1';
  const uid = field('Uid');
  const core = /^Max core file size\s+(\S+)/mu.exec(limits)?.[1];
  const size = /^Max file size\s+(\S+)/mu.exec(limits)?.[1];
  return [
    {
      name: 'system_calls',
      stands: field('Seccomp') === '2',
      detail: `seccomp mode ${field('Seccomp')}, ${field('Seccomp_filters')} filter`,
    },
    {
      name: 'privileges',
      stands: hasNoRights,
      detail: `capabilities ${rights[1] ?? ''}, no new privileges: ${field('NoNewPrivs')}`,
    },
    { name: 'user', stands: uid !== '0', detail: uid === '0' ? 'user 0 outside, without its rights' : `user ${uid} outside` },
    { name: 'resources', stands: core === '0' && size === '0', detail: `core files ${core ?? '?'}, file size ${size ?? '?'}` },
  ];
}
