import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Client } from '@loopwright/client';
import { type Browser, type BrowserContext, type BrowserContextOptions, type Page, chromium } from 'playwright-core';

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';
const BUILD = join(import.meta.dirname, '../../../scripts/build-dashboard.ts');
const SERVER = join(import.meta.dirname, '../../server/src/main.ts');
const PROFILES = join(import.meta.dirname, 'fixtures');

/** Why a test of pages cannot be made here; `false` when it can. For the option `skip` of a test. */
export const skipPages: string | false = existsSync(CHROMIUM)
  ? false
  : `there is no Chromium at ${CHROMIUM}: install it (apt-get install chromium) or set CHROMIUM`;

/** A real server in a process of its own, on a folder that goes with it. */
export interface DashboardServer extends AsyncDisposable {
  readonly url: string;
  readonly dir: string;
  readonly client: Client;
  /** Ends the process and starts another one on the same folder and port, with other flags when they are given. */
  restart(flags?: readonly string[]): Promise<void>;
  kill(): Promise<void>;
  start(): Promise<void>;
}

/** Starts the server with the profiles of these tests and whatever flags come on top. */
export async function startServer(
  flags: readonly string[] = [],
  dir = mkdtempSync(join(tmpdir(), 'loopwright-dashboard-')),
): Promise<DashboardServer> {
  // The pages as their sources are now; nothing to do in most cases.
  execFileSync(process.execPath, [BUILD], { stdio: 'inherit' });
  let { url, child } = await launch(dir, '0', flags);
  const { port } = new URL(url);
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill(signal);
    await exited;
  };
  const start = async (given = flags): Promise<void> => {
    ({ url, child } = await launch(dir, port, given));
  };
  return {
    url,
    dir,
    client: new Client({ baseUrl: url }),
    start: () => start(),
    kill: () => end('SIGKILL'),
    restart: async (other = flags) => {
      await end('SIGTERM');
      await start(other);
    },
    async [Symbol.asyncDispose]() {
      await end('SIGTERM');
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function launch(dir: string, port: string, flags: readonly string[]): Promise<{ url: string; child: ChildProcess }> {
  const conditions = process.execArgv.filter((flag) => flag.startsWith('--conditions'));
  const own = [
    '--port',
    port,
    '--edge-port',
    '0',
    '--data-dir',
    dir,
    '--profiles-dir',
    PROFILES,
    '--edge-deployment',
    join(import.meta.dirname, 'edge-deployment.yaml'),
    '--sandbox-workers',
    '1',
    '--log-level',
    'warn',
  ];
  const child = spawn(
    process.execPath,
    [...(conditions.length === 0 ? ['--conditions=loopwright-source'] : conditions), SERVER, ...own, ...flags],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const said: string[] = [];
  createInterface({ input: child.stderr }).on('line', (line) => said.push(line));
  const url = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout }).on('line', (line) => {
      const found = /listening on (http:\/\/\S+)/.exec(line)?.[1];
      if (found !== undefined) resolve(found);
    });
    child.once('close', () => reject(new Error(`Cannot start the server: ${said.slice(-5).join('\n')}`)));
  });
  return { url, child };
}

/** A Chromium without its connections to elsewhere. */
export function startBrowser(): Promise<Browser> {
  const args = [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ];
  return chromium.launch({ executablePath: CHROMIUM, headless: true, args });
}

/** A page that remembers what should not have happened: requests to other origins, errors of scripts, violations of the policy. */
export interface WatchedPage {
  readonly page: Page;
  readonly context: BrowserContext;
  readonly troubles: readonly string[];
}

/** Opens a page in a context of its own, as another browser would. */
export async function openPage(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext({
    baseURL: url,
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
    ...options,
  });
  const page = await context.newPage();
  const troubles: string[] = [];
  const { origin } = new URL(url);
  page.on('pageerror', (error) => troubles.push(`error: ${error.message}`));
  page.on('console', (message) => {
    if (message.type() === 'error' && /Content Security Policy|Trusted/i.test(message.text()))
      troubles.push(`policy: ${message.text()}`);
  });
  page.on('request', (request) => {
    const asked = request.url();
    if (!/^(?:data|blob):/.test(asked) && new URL(asked).origin !== origin) troubles.push(`request to ${asked}`);
  });
  page.setDefaultTimeout(15_000);
  return { page, context, troubles };
}

/** Ids of runs in each state that a run can be in. */
export interface SeededRuns {
  readonly fresh: string;
  readonly waiting: string;
  readonly accepting: string;
  readonly paused: string;
  readonly failed: string;
  readonly cancelled: string;
  readonly completed: string;
}

/** Makes a run in each state, with artifacts in that which is completed. */
export async function seedRuns({ client, dir }: Pick<DashboardServer, 'client' | 'dir'>): Promise<SeededRuns> {
  const { runs } = client;
  const create = (profile: string, name: string, advances: number): Promise<string> =>
    createRun(client, { profile, name, advances });
  const completed = await create('steps', 'Invoice reader', 3);
  const cancelled = await create('steps', 'Old forecast', 1);
  await runs.cancel(cancelled, 'No longer needed');
  const failed = await create('broken', 'Spam filter', 2);
  const paused = await create('steps', 'Price model', 1);
  await runs.pause(paused);
  const accepting = await createAccepting(client, 'Support router');
  const waiting = await createWaiting(client, 'Demand forecast');
  const fresh = await create('steps', 'Ticket labels', 0);
  writeArtifacts(dir, completed);
  return { fresh, waiting, accepting, paused, failed, cancelled, completed };
}

/** Makes a run that waits for answers. */
export function createWaiting(client: Client, name: string): Promise<string> {
  return createRun(client, { profile: 'review', name, advances: 2 });
}

/** Makes a run that waits for a decision. */
export async function createAccepting(client: Client, name: string): Promise<string> {
  const runId = await createWaiting(client, name);
  await answerQuestions(client, runId);
  await settled(client, runId, 'data');
  await client.runs.next(runId);
  await client.runs.next(runId);
  return runId;
}

async function createRun(
  client: Client,
  { profile, name, advances }: { profile: string; name: string; advances: number },
): Promise<string> {
  const { run_id } = await client.runs.create({ profile, project_name: name, intake: `Made for ${name}` });
  for (let at = 0; at < advances; at++) await client.runs.next(run_id);
  return run_id;
}

async function answerQuestions(client: Client, runId: string): Promise<void> {
  const { execution_id } = await client.runs.get(runId);
  const [task] = await client.openTasks(execution_id);
  if (task === undefined) throw new Error(`The run ${runId} asks nothing`);
  await client.clarify(execution_id, { answers: { DATABASE: 'SQLite', USERS: 12 }, task_id: task.task_id });
}

/** Waits until a run can be advanced to a phase. */
async function settled(client: Client, runId: string, phase: string): Promise<void> {
  for (let tries = 0; tries < 500; tries++) {
    const { phases } = await client.runs.get(runId);
    const busy = phases.some(({ status }) => status === 'in_progress');
    if (!busy && phases.find((one) => one.phase === phase)?.status === 'pending') return;
    await new Promise((resolve) => void setTimeout(resolve, 10));
  }
  throw new Error(`The run ${runId} does not come to ${phase}`);
}

/** Files as phases write them. */
const ARTIFACTS: Readonly<Record<string, string>> = {
  'planning/PRD.md':
    '# Invoice reader\n\nReads **invoices** and answers the total.\n\n| field | type |\n|---|---|\n| total | number |\n| currency | text |\n\n1. Collect examples\n2. Train\n\n```ts\nexport const run = (text: string): number => 42;\n```\n',
  'planning/labels.csv': 'input,output\n"Total: 12,50 EUR",12.50\nTotal 7 USD,7\n',
  'development/src/program.ts':
    "/** Reads the total of an invoice. */\nexport function run(text: string): number {\n  const found = /total:?\\s*([\\d.,]+)/i.exec(text);\n  return Number((found?.[1] ?? '0').replace(',', '.'));\n}\n",
  'development/model.json': '{"kind":"rules","accuracy":0.9712,"labels":["EUR","USD"]}\n',
  'qa/chart.svg':
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 120 40"><rect width="120" height="40" fill="#e8effd"/><path d="M4 34L30 20 56 24 82 10 116 6" fill="none" stroke="#2a5bd7" stroke-width="3"/></svg>',
};

function writeArtifacts(dir: string, runId: string): void {
  for (const [path, text] of Object.entries(ARTIFACTS)) writeArtifact(dir, runId, { path, text });
}

/** Puts a file where a phase of the run would have put it. */
export function writeArtifact(dir: string, runId: string, { path, text }: { path: string; text: string | Buffer }): void {
  const file = join(dir, 'workspaces', runId, 'artifacts', path);
  mkdirSync(join(file, '..'), { recursive: true });
  writeFileSync(file, text);
}
