// `npm run bench -- grading [--limit MS] [--concurrency N] [--rounds N] [--problems FILE] [--json]`: mistakes of the grading agent and problems a second, over HTTP.
// A file of problems has the form of `apps/generator/src/suite/fixtures/problems.json`.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { artifactResultSchema } from '@loopwright/protocol';
import { z } from 'zod';

const root = join(import.meta.dirname, '../..');
const { values } = parseArgs({
  options: {
    limit: { type: 'string', default: '1000' },
    concurrency: { type: 'string', default: '32' },
    rounds: { type: 'string', default: '3' },
    problems: { type: 'string', default: join(root, 'apps/generator/src/suite/fixtures/problems.json') },
    json: { type: 'boolean', default: false },
  },
});

const problems = z
  .array(
    z.object({
      id: z.string(),
      files: z.string(),
      test_file: z.string(),
      entry_point: z.string().nullable(),
      tests: z.string(),
      time_limit_ms: z.number().optional(),
      candidates: z.array(z.object({ kind: z.string(), expected: z.string(), source: z.string() })),
    }),
  )
  .parse(JSON.parse(await readFile(values.problems, 'utf8')));
const jobs = problems.flatMap(({ candidates, ...problem }) => candidates.map((candidate) => ({ problem, candidate })));

const dataDir = await mkdtemp(join(tmpdir(), 'grading-bench-'));
const main = join(root, 'apps/generator/src/main.ts');
const service = spawn(process.execPath, [...process.execArgv, main, '--listen', '127.0.0.1:0', '--data-dir', dataDir], {
  stdio: ['ignore', 'pipe', 'inherit'],
});
const [url] = (await once(createInterface({ input: service.stdout }), 'line')) as [string];

async function grade({ problem, candidate }: (typeof jobs)[number], id: string): Promise<string> {
  const metadata = {
    agent: 'grade',
    files: [{ file_path: problem.files, content: candidate.source }],
    tests: [{ file_path: problem.test_file, content: problem.tests }],
    entry_point: problem.entry_point,
    time_limit_ms: problem.time_limit_ms ?? Number(values.limit),
  };
  const response = await fetch(`${url}/execute`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ execution_id: id, scaffolding: { task_description: problem.id }, metadata }),
  });
  const body: unknown = await response.json();
  const result = artifactResultSchema.safeParse(body);
  return result.success ? result.data.status : JSON.stringify(body).slice(0, 300);
}

/** Grades all of them once; gives the seconds and what was wrong. */
async function run(round: number, of: typeof jobs): Promise<{ seconds: number; mistakes: string[] }> {
  const mistakes: string[] = [];
  const waiting = of.map((job, index) => ({ job, id: `round-${round}-${index}` }));
  const begun = performance.now();
  const worker = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const status = await grade(next.job, next.id);
      const { problem, candidate } = next.job;
      if (status !== candidate.expected)
        mistakes.push(`${problem.id} ${candidate.kind}: ${status} instead of ${candidate.expected}`);
    }
  };
  await Promise.all(Array.from({ length: Number(values.concurrency) }, worker));
  return { seconds: (performance.now() - begun) / 1000, mistakes };
}

const rows: { part: string; graded: number; mistakes: number; per_second: number }[] = [];
// The first round starts the sandbox.
await run(-1, jobs.slice(0, 8));
const parts: [string, typeof jobs][] = [
  ['right, wrong and looping', jobs],
  ['right and wrong', jobs.filter(({ candidate }) => candidate.expected !== 'TIMEOUT')],
  ['looping', jobs.filter(({ candidate }) => candidate.expected === 'TIMEOUT')],
];
let round = 0;
for (const [part, of] of parts) {
  const runs: { seconds: number; mistakes: string[] }[] = [];
  for (let count = 0; count < Number(values.rounds); count += 1) runs.push(await run(round++, of));
  for (const mistake of runs.flatMap(({ mistakes }) => mistakes)) process.stderr.write(`${mistake}\n`);
  const seconds = runs.reduce((sum, each) => sum + each.seconds, 0);
  const graded = of.length * runs.length;
  rows.push({ part, graded, mistakes: runs.flatMap(({ mistakes }) => mistakes).length, per_second: graded / seconds });
}
service.kill('SIGTERM');
await once(service, 'exit');
await rm(dataDir, { recursive: true, force: true });

const lines = rows.map((row) => `| ${row.part} | ${row.graded} | ${row.mistakes} | ${row.per_second.toFixed(1)} |`);
const head = [
  `Limit of a problem ${values.limit} ms, ${values.concurrency} at a time`,
  '',
  '| programs | graded | mistakes | per second |',
  '| --- | --- | --- | --- |',
];
process.stdout.write(values.json ? `${JSON.stringify(rows)}\n` : `${[...head, ...lines].join('\n')}\n`);
if (rows.some(({ mistakes }) => mistakes > 0)) process.exitCode = 1;
