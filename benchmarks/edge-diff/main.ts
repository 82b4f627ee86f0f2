// `npm run bench -- edge-diff [--inputs N] [--words N]`: replaying logged inputs through two versions, beside calling both directly.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ExecutionLog, ProgramStore, createEdge, noJail } from '@loopwright/edge';
import { behaviourDiffSchema, isoTime, seededRandom, systemClock, systemRandom } from '@loopwright/protocol';

const { values } = parseArgs({
  options: { inputs: { type: 'string', default: '10000' }, words: { type: 'string', default: '200' } },
});
const [inputs, words] = [Number(values.inputs), Number(values.words)];
const dir = mkdtempSync(join(tmpdir(), 'loopwright-bench-diff-'));
const random = seededRandom(1);
const vocabulary = Array.from({ length: 5000 }, (_, n) => `w${n.toString(36)}`);

/** Counts words against weights, as the programs of the induction agent do. */
const source = (bias: number): string => `
const weights = new Map(Array.from({ length: 5000 }, (_, n) => ['w' + n.toString(36), Math.sin(n) + ${bias}] as const));
export function run(text: string): string {
  let score = 0;
  for (const word of text.split(' ')) score += weights.get(word) ?? 0;
  return score > 0 ? 'spam' : 'ham';
}`;

/** The same as a function of this process. */
function programOf(bias: number): (text: string) => string {
  const weights = new Map(vocabulary.map((word, n) => [word, Math.sin(n) + bias]));
  return (text) => {
    let score = 0;
    for (const word of text.split(' ')) score += weights.get(word) ?? 0;
    return score > 0 ? 'spam' : 'ham';
  };
}

/** Milliseconds of a processor for each call once per version: what the replay would cost without sandbox, schemas and comparison. */
function direct(texts: readonly string[]): number {
  const programs = [0, 0.02].map(programOf);
  const start = process.cpuUsage();
  let changed = 0;
  for (const text of texts) {
    const [first, after] = programs.map((program) => program(text));
    if (first !== after) changed += 1;
  }
  if (changed === 0) throw new Error('Cannot measure: nothing changed');
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1000;
}

try {
  const store = new ProgramStore({ dir, clock: systemClock });
  for (const bias of [0, 0.02]) await store.store('text', { id: String(bias), source: source(bias) });
  await store.setActive('text', 1, { record: { id: 'first' } });
  const texts = Array.from({ length: inputs }, () =>
    Array.from({ length: words }, () => vocabulary[Math.floor(random.next() * vocabulary.length)]).join(' '),
  );
  await using log = await ExecutionLog.open({ dir, taskId: 'text', clock: systemClock });
  const record = {
    program_id: '0',
    task_id: 'text',
    version: 1,
    latency_ms: 1,
    memory_usage_mb: null,
  };
  const rest = { status: 'success' as const, error_message: null, sampled_for_validation: false, validation_id: null };
  const active = programOf(0);
  await Promise.all(
    texts.map((text, n) => {
      const own = { id: String(n), input_data: text, output_data: { result: active(text) } };
      return log.append({ ...record, ...rest, ...own, executed_at: isoTime(systemClock.now()) });
    }),
  );
  await log.close();
  await using edge = await createEdge({
    dataDir: dir,
    clock: systemClock,
    random: systemRandom,
    sandbox: { jail: noJail, workers: 2 },
  });
  process.stdout.write(
    '| replay | inputs | ms | ms of a processor for the direct calls | changed | unstable |\n| --- | --- | --- | --- | --- | --- |\n',
  );
  for (const round of ['first', 'second']) {
    const start = performance.now();
    const answer = await edge.app.inject({ method: 'POST', url: '/tasks/text/diff', payload: { candidate: 2, last: inputs } });
    const ms = performance.now() - start;
    const report = behaviourDiffSchema.parse(answer.json());
    const limit = direct(texts);
    const row = [round, report.inputs, Math.round(ms), Math.round(limit), report.changed, report.unstable];
    process.stdout.write(`| ${row.join(' | ')} |\n`);
  }
} finally {
  rmSync(dir, { recursive: true, force: true });
}
