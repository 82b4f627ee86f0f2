import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { seededRandom } from '@loopwright/protocol';
import { journalDir } from '../embedded/engine-fixture.ts';
import type { Execution, ExecutionOrder, ExecutionQuery, ExecutionStatus } from '../execution/execution.ts';
import { SqliteStore } from './sqlite-store.ts';

const WORKFLOWS = ['make', 'Review', 'nightly', 'Ünder'];
const STATUSES: readonly ExecutionStatus[] = ['waiting_acceptance', 'completed', 'failed'];
const ORDERS: readonly (ExecutionOrder | undefined)[] = [
  undefined,
  ...(['createdAt', 'workflow', 'projectId', 'status'] as const).flatMap((by) => [
    { by, isDescending: true },
    { by, isDescending: false },
  ]),
];

const random = seededRandom(7);
const pick = <One>(from: readonly One[]): One => from[Math.floor(random.next() * from.length)] as One;

/** As many as make groups with one member and groups with very many; the number of each is its place. */
const EXECUTIONS = Array.from({ length: 900 }, (_, index): Execution => {
  const status = pick(STATUSES);
  const times = { statusSince: 1, createdAt: 1000 + index, updatedAt: 1, completedAt: status === 'completed' ? 2 : null };
  const state = { status, currentStep: null, input: {}, output: null, error: null, parent: null, depth: 0 };
  const pin = { version: '1.0.0', definitionDigest: 'd', requestDigest: 'r', startedBy: 'ann' };
  const projectId = index % 3 === 0 ? `p${index}` : 'main';
  return { id: `${index.toString(16)}-x`, workflow: pick(WORKFLOWS), projectId, ...pin, ...state, ...times };
});

let store: SqliteStore;
before(async () => {
  store = new SqliteStore({ dir: journalDir(), durability: 'process', onEvents: () => undefined });
  await store.write((transaction) => {
    transaction.putDefinition({ digest: 'd', name: 'w', version: '1.0.0', source: {}, createdAt: 1 });
    for (const one of EXECUTIONS) transaction.insertExecution(one);
  });
});
after(() => store[Symbol.asyncDispose]());

/** What a list says, worked out in the plainest way. */
function expected({ workflow, status, text, ids, createdFrom, createdBefore, order }: ExecutionQuery): string[] {
  const contains = (name: string): boolean => lower(name).includes(lower(text ?? ''));
  const fits = (one: Execution): boolean =>
    (workflow === undefined || one.workflow === workflow) &&
    (status === undefined || one.status === status) &&
    (ids === undefined || ids.includes(one.id)) &&
    (createdFrom === undefined || one.createdAt >= createdFrom) &&
    (createdBefore === undefined || one.createdAt < createdBefore) &&
    (text === undefined || contains(one.workflow) || contains(one.projectId) || one.id.startsWith(text));
  const { by, isDescending } = order ?? { by: 'createdAt' as const, isDescending: true };
  const sign = isDescending ? -1 : 1;
  const compare = (one: Execution, other: Execution): number =>
    by === 'createdAt'
      ? sign * (one.createdAt - other.createdAt)
      : sign * Buffer.compare(Buffer.from(one[by]), Buffer.from(other[by])) || other.createdAt - one.createdAt;
  return EXECUTIONS.filter(fits)
    .sort(compare)
    .map(({ id }) => id);
}

/** The letters that the store knows the cases of. */
function lower(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** All pages one after the other, each behind the place of the one before. */
function paged(query: Omit<ExecutionQuery, 'limit'>, limit: number): { ids: string[]; totals: Set<number> } {
  const ids: string[] = [];
  const totals = new Set<number>();
  let place: Pick<ExecutionQuery, 'before' | 'order'> = {};
  for (;;) {
    const { executions, total, next } = store.read.executions({ ...query, ...place, limit });
    ids.push(...executions.map(({ id }) => id));
    totals.add(total);
    const last = executions.at(-1);
    if (next === null || last === undefined) return { ids, totals };
    const { order } = query;
    place = {
      before: next,
      ...(order === undefined || order.by === 'createdAt' ? {} : { order: { ...order, behind: last[order.by] } }),
    };
  }
}

const FILTERS: readonly Omit<ExecutionQuery, 'limit' | 'order'>[] = [
  {},
  { workflow: 'Review', status: 'failed' },
  { text: 'VIEW' },
  { text: 'main', status: 'completed' },
  { text: '1' },
  { text: '10' },
  { text: 'p3', workflow: 'make' },
  { createdFrom: 1200, createdBefore: 1290 },
  { createdFrom: 1800, text: '38' },
  { ids: ['0-x', '10-x', '383-x', 'none', '2a-x'] },
  { ids: ['0-x', '10-x', '11-x'], text: '1', createdBefore: 1017 },
];

describe('listExecutions', () => {
  it('gives in every order what fits, once each, page by page', () => {
    for (const filter of FILTERS)
      for (const order of ORDERS) {
        const query = { ...filter, ...(order === undefined ? {} : { order }) };
        const wanted = expected({ ...query, limit: 0 });
        const { ids, totals } = paged(query, 110);
        assert.deepEqual(ids, wanted, JSON.stringify(query));
        assert.deepEqual([...totals], [wanted.length], JSON.stringify(query));
        const { executions } = store.read.executions({ ...query, limit: 7, offset: 5 });
        assert.deepEqual(
          executions.map(({ id }) => id),
          wanted.slice(5, 12),
          JSON.stringify(query),
        );
      }
  });

  it('takes any text as a text', () => {
    for (const text of ['%', '_', '*', "'", '"; DROP TABLE executions; --', '\0', '\u{10FFFF}', 'Ü', '💥'])
      assert.deepEqual(paged({ text }, 500).ids, expected({ text, limit: 0 }), JSON.stringify(text));
  });
});
