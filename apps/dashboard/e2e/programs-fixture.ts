import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ProgramStore } from '@loopwright/edge';
import { type Client } from '@loopwright/client';
import { type Json, rolloutSchema, systemClock } from '@loopwright/protocol';
import { type DashboardServer, startServer } from './dashboard-fixture.ts';

/** Samples every second request, and sees a drift within some hundred requests. */
const DEPLOYMENT = `runtime: { mode: edge, data_dir: . }
sampling: { strategy: random, rate: 0.5 }
drift: { window_records: 30, window_minutes: 0, reference_records: 50, windows_in: 1 }
`;

const OUTPUT = { type: 'string', enum: ['spam', 'ham'] };
const INPUT = {
  type: 'object',
  required: ['text'],
  properties: {
    text: { type: 'string', title: 'Text', description: 'The message as it came' },
    urgent: { type: 'boolean' },
    length: { type: 'integer', minimum: 0 },
  },
  examples: [{ text: 'Win a prize now' }],
};

const source = (words: readonly string[], note = ''): string => `/** Tells spam from ham by its words. */
const SPAM = [${words.map((word) => `'${word}'`).join(', ')}];
${note}
export function run({ text }: { text: string }): string {
  if (text === '') throw new Error('There is no text to judge');
  const lower = text.toLowerCase();
  return SPAM.some((word) => lower.includes(word)) ? 'spam' : 'ham';
}
`;

/** Starts a server with programs in every state: served for a while, idle, and never promoted. */
export async function startProgramsServer(flags: readonly string[] = []): Promise<DashboardServer> {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-dashboard-'));
  const deployment = join(dir, 'deployment.yaml');
  writeFileSync(deployment, DEPLOYMENT);
  await storePrograms(dir);
  return startServer(['--edge-deployment', deployment, ...flags], dir);
}

async function storePrograms(dir: string): Promise<void> {
  const store = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
  const metadata = { input_schema: INPUT, output_schema: OUTPUT };
  const versions = [
    source(['prize', 'winner']),
    source(['prize', 'winner', 'free']),
    source(['prize', 'winner', 'free', 'credit'], '\n// Found in the samples of last week.\n'),
  ];
  for (const [at, text] of versions.entries())
    await store.store('spam-filter', { id: `spam-${at}`, source: text, metadata });
  const by = (who: string, comment: string): object => ({ evidence: { moved_by: who, comment } });
  await store.setActive('spam-filter', 1, { record: { id: 'p1', ...by('ann', 'The first one that passed') } });
  await store.setActive('spam-filter', 2, { expected: 1, record: { id: 'p2', ...by('bob', 'Knows free offers') } });
  await store.store('invoice-total', {
    id: 'invoice',
    source: 'export function run(text: string): number { return Number(/[0-9.]+/.exec(text)?.[0] ?? 0); }',
    metadata: { input_schema: { type: 'string' }, output_schema: { type: 'number' } },
  });
  await store.setActive('invoice-total', 1, { record: { id: 'i1' } });
  await store.store('ticket-labels', { id: 'tickets', source: source(['refund']), metadata });
}
