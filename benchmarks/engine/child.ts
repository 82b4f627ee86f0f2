// One subject in a process of its own: `child.ts FILE '{"durability":"full","callers":[1,100],"seconds":2}'` writes its figures as a line of JSON.
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type LoadFigures, measureLoad, measureWake } from './measure.ts';
import type { Durability, OpenSubject } from './subject.ts';

/** What the process is told to do. */
export interface ChildTask {
  readonly durability: Durability;
  readonly callers: readonly number[];
  readonly seconds: number;
  /** How many executions are parked while some are woken; not measured when left out. */
  readonly wake?: { readonly parked: number; readonly samples: number };
}

/** What it found. */
export interface ChildFigures {
  readonly loads: readonly LoadFigures[];
  readonly wake: Awaited<ReturnType<typeof measureWake>> | null;
  readonly rows: Readonly<Record<string, number>> | undefined;
}

const [file = '', task = '{}'] = process.argv.slice(2);
const { durability, callers, seconds, wake } = JSON.parse(task) as ChildTask;
const { open } = (await import(pathToFileURL(resolve(file)).href)) as { open: OpenSubject };
const subject = await open(durability);
const loads: LoadFigures[] = [];
for (const count of callers) loads.push(await measureLoad(subject, count, seconds));
const { park } = subject;
const woken = wake === undefined || park === undefined ? null : await measureWake({ park }, wake);
const rows = await subject.close();
process.stdout.write(`\n${JSON.stringify({ loads, wake: woken, rows } satisfies ChildFigures)}\n`);
process.exit(0);
