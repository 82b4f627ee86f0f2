import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Engine } from '../embedded/engine.ts';
import { journalDir, openEngine, startOne, until, untilStatus } from '../embedded/engine-fixture.ts';
import type { SubmittedAnswer } from './answer.ts';

const decision = (assignee: string): string => `
do:
  - nap: { if: '\${ .slow == true }', wait: { milliseconds: 50 } }
  - review: { call: accept, with: { title: Take it?, doc_type: version, subject: 1, for: ${assignee} } }`;

const open = (): Promise<Engine> =>
  openEngine(journalDir(), {}, { anns: decision(`{ user: '\${ .reviewer }' }`), admins: decision('{ role: admin }') });

const yes: SubmittedAnswer = { kind: 'acceptance', accepted: true };
const by = (who: string): { answerId: string; answeredBy: string } => ({ answerId: crypto.randomUUID(), answeredBy: who });
const FORBIDDEN = { code: 'FORBIDDEN' };

describe('a question that is for somebody', () => {
  it('takes the answer of the user that the definition names, and of no other', async () => {
    await using engine = await open();
    const { execution } = await startOne(engine, 'anns', { reviewer: 'ann' });
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    await assert.rejects(engine.answer({ executionId: execution.id }, { ...yes, role: 'admin' }, by('bob')), FORBIDDEN);
    await assert.rejects(engine.answer({ executionId: execution.id, step: 'review' }, yes, by('Ann')), FORBIDDEN);
    const { task } = await engine.answer({ executionId: execution.id }, yes, by('ann'));
    assert.equal(task?.answeredBy, 'ann');
  });

  it('takes an administrator instead of the user when he says why, and records who, instead of whom and why', async () => {
    await using engine = await open();
    const { execution } = await startOne(engine, 'anns', { reviewer: 'ann' });
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    const away = { ...yes, overrideReason: 'Ann is away' };
    for (const refused of [
      away,
      { ...away, role: 'operator' } as const,
      { ...away, overrideReason: ' ', role: 'admin' } as const,
    ])
      await assert.rejects(engine.answer({ executionId: execution.id }, refused, by('bob')), FORBIDDEN);
    const { task } = await engine.answer({ executionId: execution.id }, { ...away, role: 'admin' }, by('bob'));
    const recorded = { answered_by: 'bob', instead_of: 'ann', override_reason: 'Ann is away' };
    assert.partialDeepStrictEqual(task?.answer, recorded);
    const event = engine.read.events(execution.id, 0, 100).find(({ type }) => type === 'acceptance_decided');
    assert.partialDeepStrictEqual(event?.data, recorded);
  });

  it('takes the answer of the role or of one above it', async () => {
    await using engine = await open();
    const { execution } = await startOne(engine, 'admins');
    await untilStatus(engine, execution.id, 'waiting_acceptance');
    for (const role of [{}, { role: 'operator' }] as const)
      await assert.rejects(engine.answer({ executionId: execution.id }, { ...yes, ...role }, by('bob')), FORBIDDEN);
    await engine.answer({ executionId: execution.id }, { ...yes, role: 'admin' }, by('bob'));
    await untilStatus(engine, execution.id, 'completed');
  });

  it('drops an answer that came before it from somebody else, and keeps asking', async () => {
    await using engine = await open();
    const { execution } = await startOne(engine, 'anns', { slow: true, reviewer: 'ann' });
    const early = await engine.answer({ executionId: execution.id, step: 'review' }, yes, by('bob'));
    assert.equal(early.state, 'buffered');
    await until(engine, execution.id, () =>
      engine.read.events(execution.id, 0, 100).some(({ type }) => type === 'answer_discarded'),
    );
    assert.equal(engine.read.humanTasks({ executionId: execution.id, limit: 1 })[0]?.state, 'open');
    await engine.answer({ executionId: execution.id }, yes, by('ann'));
    await untilStatus(engine, execution.id, 'completed');
  });
});
