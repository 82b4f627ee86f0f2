import { join } from 'node:path';
import type { Client } from '@loopwright/client';
import { ProgramStore } from '@loopwright/edge';
import { programAliasSchema, rolloutSchema, storedDiffSchema, systemClock } from '@loopwright/protocol';
import type { DashboardServer } from './dashboard-fixture.ts';

const INPUT = {
  type: 'object',
  required: ['text'],
  properties: {
    text: { type: 'string', title: 'Text', description: 'The message as it came' },
    urgent: { type: 'boolean', title: 'Marked as urgent' },
  },
  examples: [{ text: 'Win a prize now' }],
};
const METADATA = { input_schema: INPUT, output_schema: { type: 'string', enum: ['spam', 'ham'] } };

const source = (words: readonly string[], note = ''): string => `/** Tells spam from ham by its words. */
const SPAM = [${words.map((word) => `'${word}'`).join(', ')}];
${note}
export function run({ text }: { text: string }): string {
  if (text === '') throw new Error('There is no text to judge');
  const lower = text.toLowerCase();
  return SPAM.some((word) => lower.includes(word)) ? 'spam' : 'ham';
}
`;

/** Moves the alias of a program by hand, whatever it points at. */
export async function moveActive(client: Client, name: string, version: number, comment?: string): Promise<void> {
  await client.call({
    method: 'PUT',
    path: `/api/v1/programs/${name}/aliases/active`,
    answer: programAliasSchema,
    json: { version, ...(comment === undefined ? {} : { comment }) },
    ifMatch: '*',
  });
}

/**
 * Makes three programs: `spam-filter` with three versions and a history, whose second one has answered requests that became others, `invoice-total`,
 * and `ticket-labels`, which was never promoted.
 */
export async function seedPrograms({ client, dir }: Pick<DashboardServer, 'client' | 'dir'>): Promise<void> {
  const store = new ProgramStore({ dir: join(dir, 'edge'), clock: systemClock });
  const versions = [
    source(['prize', 'winner']),
    source(['prize', 'winner', 'free']),
    source(['prize', 'winner', 'free', 'credit'], '// Found in the samples of last week.'),
  ];
  for (const [at, text] of versions.entries())
    await store.store('spam-filter', { id: `spam-${at}`, source: text, metadata: METADATA });
  await store.store('invoice-total', {
    id: 'invoice',
    source: 'export function run(text: string): number {\n  return Number(/[0-9.]+/.exec(text)?.[0] ?? 0);\n}\n',
    metadata: { input_schema: { type: 'string' }, output_schema: { type: 'number' } },
  });
  await store.store('ticket-labels', { id: 'tickets', source: source(['refund']), metadata: METADATA });
  await moveActive(client, 'invoice-total', 1);
  await moveActive(client, 'spam-filter', 1, 'The first one that passed');
  await moveActive(client, 'spam-filter', 2, 'Knows free offers');
  await edgeStarted(client);
  const ask = (count: number, text: (index: number) => string): Promise<unknown> =>
    Promise.all(Array.from({ length: count }, (_, index) => client.execute('spam-filter', { text: text(index) })));
  await ask(60, (index) => `order ${index % 9} came ${index % 4 === 0 ? 'with a prize' : 'late'}, please help me soon`);
  await ask(40, (index) => `ZAHLUNG ${index} FEHLT`);
  await client.execute('spam-filter', { text: '' }).catch(() => undefined);
}

/** Lets the third version of `spam-filter` answer a share of some requests, and compares it with the second one. */
export async function seedRollout(client: Client): Promise<void> {
  await client.call({
    method: 'POST',
    path: '/api/v1/programs/spam-filter/rollouts',
    answer: rolloutSchema,
    json: { candidate: 3, stages: [20, 50, 100], minimum_samples: 100, comment: 'Knows credit offers' },
    ifMatch: '*',
  });
  await Promise.all(Array.from({ length: 60 }, (_, at) => client.execute('spam-filter', { text: `A credit of ${at} for you` })));
  await client.call({
    method: 'POST',
    path: '/api/v1/programs/spam-filter/diffs',
    answer: storedDiffSchema,
    json: { candidate: 3, incumbent: 2 },
  });
}

/** Waits until requests are answered: the server is ready before its edge is. */
async function edgeStarted(client: Client): Promise<void> {
  for (let tries = 0; tries < 2000; tries++) {
    if ((await client.program('spam-filter')).edge_url !== null) return;
    await new Promise((resolve) => void setTimeout(resolve, 20));
  }
  throw new Error('The edge of the server does not start');
}
