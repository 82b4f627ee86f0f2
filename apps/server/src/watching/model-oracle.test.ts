import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_WATCHING } from '@loopwright/edge';
import { type ScriptedProvider, startProvider } from '@loopwright/models/scripted';
import {
  type Sample,
  type ValidationSummary,
  batchValidateResponseSchema,
  sampleListSchema,
  taskExecuteResponseSchema,
  validationSummarySchema,
} from '@loopwright/protocol';
import { errorIn, openServer } from '../http/app-fixture.ts';
import { type Served, openServed } from '../http/served-fixture.ts';

const SOURCE = `export function run(text: string): string { return text.includes('prize') ? 'spam' : 'ham'; }`;
const PATH = '/api/v1/programs/mail';
const BATCH = {
  task_id: 'mail',
  items: [
    { id: '1', input: 'x', output: 'spam', expected_output: 'spam' },
    { id: '2', input: 'x', output: 'spam', expected_output: 'junk' },
    { id: '3', input: 'x', output: 'spam', expected_output: 'ham' },
  ],
};
const usage = { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 };
const says = (value: object): { text: string; usage: typeof usage } => ({ text: JSON.stringify(value), usage });

let provider: ScriptedProvider;
let served: Served;
before(async () => {
  provider = await startProvider();
  const watching = {
    sampling: { strategy: 'random', rate: 1 },
    validation: {
      ...DEFAULT_WATCHING.validation,
      oracle: 'model',
      comparison: { method: 'semantic', threshold: 0.9, fields: {} },
      // Nine calls at 0.00208.
      budgetUsdPerDay: 0.0187,
    },
    drift: null,
  } as const;
  const fill = async (programs: Parameters<Parameters<typeof openServed>[0]>[0]): Promise<void> => {
    await programs.store('mail', { id: 'v1', source: SOURCE });
    await programs.setActive('mail', 1, { record: { id: 'first' } });
  };
  served = await openServed(fill, { server: { modelUrl: provider.url }, edge: { watching } });
});
after(async () => {
  await served[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const execute = async (input: string): Promise<void> =>
  assert.equal((await served.server.post(`${PATH}/execute`, { input })).status, 200);
const samples = async (state: string): Promise<Sample[]> =>
  sampleListSchema.parse((await served.server.get(`${PATH}/samples?state=${state}`)).body).samples;
const summary = async (): Promise<ValidationSummary> =>
  validationSummarySchema.parse((await served.server.get(`${PATH}/validation`)).body);

describe('the model as oracle', () => {
  it('is asked by itself about what waits, judges by the meaning, and is paid from the budget of the day', async () => {
    for (const input of ['a prize', 'hello', 'lunch?']) await execute(input);
    provider.script(
      says({ output: 'junk' }),
      says({ same: true, similarity: 0.9 }),
      says({ output: 'ham' }),
      says({ output: 'newsletter' }),
      says({ same: false, similarity: 0.2 }),
    );
    await served.server.watching.watcher.round();
    // The same output needs no judgement.
    assert.equal(provider.seen.length, 5);
    assert.match(provider.seen[1]?.raw ?? '', /<output>.*spam.*<right>.*junk/u);
    const answered = (await samples('answered')).map(({ validation }) => [
      validation?.match,
      validation?.similarity_score,
      validation?.comparison_method,
    ]);
    assert.deepEqual(answered, [
      [true, 0.9, 'semantic'],
      [true, 1, 'semantic'],
      [false, 0.2, 'semantic'],
    ]);
    const { budget, comparison, versions, oracle } = await summary();
    assert.deepEqual([oracle, comparison.method, versions[0]?.all.matched], ['model', 'semantic', 2]);
    assert.ok(Math.abs((versions[0]?.average_score ?? 0) - 0.7) < 1e-9);
    const spent = (await samples('answered')).reduce((sum, { validation }) => sum + (validation?.oracle_cost ?? 0), 0);
    assert.ok(spent > 0.009 && Math.abs(budget.spent_usd - spent) < 1e-6, `${spent} of ${budget.spent_usd}`);
  });

  it('judges the outputs of a batch that differ', async () => {
    provider.script(says({ same: true, similarity: 1 }), says({ same: false, similarity: 0 }));
    const { spent_usd: already } = (await summary()).budget;
    const compared = batchValidateResponseSchema.parse((await served.server.post('/api/v1/batch/validate', BATCH)).body);
    assert.deepEqual(
      compared.results.map(({ is_valid, confidence_score }) => [is_valid, confidence_score]),
      [
        [true, 1],
        [true, 1],
        [false, 0],
      ],
    );
    assert.deepEqual([compared.comparison_method, compared.valid_count], ['semantic', 2]);
    assert.ok(Math.abs((await summary()).budget.spent_usd - already - 2 * 0.00208) < 1e-9);
  });

  it('leaves out what it cannot judge, and asks no more when the budget is used up', async () => {
    for (const input of ['one more', 'and another']) await execute(input);
    provider.script(says({ output: 'other' }), { text: 'who knows', usage });
    await served.server.watching.watcher.round();
    assert.equal((await samples('skipped')).length, 1);
    const asked = provider.seen.length;
    // The two calls of the round before cost the rest of the day.
    assert.equal((await summary()).budget.exhausted, true);
    await served.server.watching.watcher.round();
    assert.equal(provider.seen.length, asked);
  });

  it('judges nothing beyond the budget, and says what to configure where there is no model', async () => {
    errorIn(await served.server.post('/api/v1/batch/validate', BATCH), 'ORACLE_BUDGET_REACHED');
    const [waiting] = await samples('open');
    const answer = `${PATH}/samples/${waiting?.sample_id}/answer`;
    errorIn(await served.server.post(answer, { output: 'something else' }), 'ORACLE_BUDGET_REACHED');
    // What is the same needs no judgement.
    assert.equal((await served.server.post(answer, { output: 'ham' })).status, 200);
    const forced = { input: 'forced', force_validation: true };
    const executed = await served.server.post('/api/v1/tasks/mail/execute', forced);
    assert.equal(taskExecuteResponseSchema.parse(executed.body).sampled_for_validation, false, 'nobody may be asked any more');
    await using bare = await openServer({ edgeUrl: () => served.edgeUrl });
    await bare.programs.store('mail', { id: 'v1', source: SOURCE });
    const refused = errorIn(await bare.post('/api/v1/batch/validate', BATCH), 'PROVIDER_NOT_CONFIGURED');
    assert.deepEqual([refused.status, /model/u.test(refused.fix)], [503, true]);
  });
});
