import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { DEFAULT_WATCHING } from '@loopwright/edge';
import { type ScriptedProvider, startProvider } from '@loopwright/models/scripted';
import {
  type Sample,
  type ValidationSummary,
  candidatesRatedSchema,
  sampleListSchema,
  seededRandom,
  validationSummarySchema,
} from '@loopwright/protocol';
import { errorIn, openServer } from '../http/app-fixture.ts';
import { type Served, openServed } from '../http/served-fixture.ts';

const SOURCE = `export function run(text: string): string { return text.includes('prize') ? 'spam' : 'ham'; }`;
const PATH = '/api/v1/programs/mail';
const EXECUTIONS = 16;
const usage = { prompt_tokens: 1000, completion_tokens: 10, total_tokens: 1010 };
const PRICE = 0.00208;

let provider: ScriptedProvider;
let served: Served;
before(async () => {
  provider = await startProvider();
  const watching = {
    // Every execution that chance does not take is considered.
    sampling: { strategy: 'uncertainty', rate: 1, confidence: 'model' },
    validation: { ...DEFAULT_WATCHING.validation, budgetUsdPerDay: 2.5 * PRICE },
    drift: null,
  } as const;
  const fill = async (programs: Parameters<Parameters<typeof openServed>[0]>[0]): Promise<void> => {
    await programs.store('mail', { id: 'v1', source: SOURCE });
    await programs.setActive('mail', 1, { record: { id: 'first' } });
  };
  served = await openServed(fill, { server: { modelUrl: provider.url }, edge: { watching, random: seededRandom(3) } });
});
after(async () => {
  await served[Symbol.asyncDispose]();
  await provider[Symbol.asyncDispose]();
});

const execute = async (count: number, text: string): Promise<void> => {
  for (let index = 0; index < count; index += 1)
    assert.equal((await served.server.post(`${PATH}/execute`, { input: `${text} ${index}` })).status, 200);
};
const open = async (): Promise<Sample[]> =>
  sampleListSchema.parse((await served.server.get(`${PATH}/samples?state=open`)).body).samples;
const summary = async (): Promise<ValidationSummary> =>
  validationSummarySchema.parse((await served.server.get(`${PATH}/validation`)).body);

describe("uncertainty sampling by a model's confidence", () => {
  it('makes samples of the quarter of which the model is the least sure, and takes what it costs from the budget', async () => {
    await execute(EXECUTIONS, 'a prize </input>');
    const byChance = await open();
    const waiting = EXECUTIONS - byChance.length;
    const first = await summary();
    assert.deepEqual([first.confidence_by, first.candidates], ['model', waiting]);
    // The later a case is, the less sure the model is of it.
    const ratings = Array.from({ length: waiting }, (_, index) => ({ case: index + 1, confidence: 1 - (index + 1) / 100 }));
    provider.script({ text: JSON.stringify({ ratings }), usage });
    await served.server.watching.watcher.round();
    assert.equal(provider.seen.length, 1);
    // What a stranger sent does not end the tag that it stands in.
    assert.doesNotMatch(provider.seen[0]?.raw ?? '', /prize <\/input>/u);
    const chosen = (await open()).filter(({ reason }) => reason === 'uncertainty');
    assert.ok(
      chosen.length >= Math.floor(waiting / 4) && chosen.length <= Math.ceil(waiting / 4),
      `${chosen.length} of ${waiting}`,
    );
    const least = ratings.map(({ confidence }) => confidence).slice(waiting - chosen.length);
    assert.deepEqual(new Set(chosen.map(({ confidence }) => confidence)), new Set(least));
    assert.ok(byChance.every(({ reason, confidence }) => reason === 'random' && confidence === null));
    const { candidates, budget } = await summary();
    assert.equal(candidates, 0);
    assert.ok(Math.abs(budget.spent_usd - PRICE) < 1e-9, String(budget.spent_usd));
  });

  it('gives up what the model says nothing of, and pays for it all the same', async () => {
    const samples = (await open()).length;
    await execute(8, 'hello');
    provider.script({ text: 'I am quite sure of all of them', usage });
    const { candidates } = await summary();
    const rated = candidatesRatedSchema.parse((await served.server.post(`${PATH}/samples/rate`)).body);
    assert.deepEqual([rated.rated, rated.sampled], [candidates, []]);
    const { candidates: left, budget } = await summary();
    assert.equal(left, 0);
    assert.ok(Math.abs(budget.spent_usd - 2 * PRICE) < 1e-9, String(budget.spent_usd));
    assert.equal((await open()).length, samples + 8 - candidates);
  });

  it('invents no confidence where there is no model, and asks nothing beyond the budget', async () => {
    await execute(8, 'lunch?');
    const asked = provider.seen.length;
    await using bare = await openServer({ edgeUrl: () => served.edgeUrl });
    await bare.programs.store('mail', { id: 'v1', source: SOURCE });
    const { candidates } = await summary();
    const refused = errorIn(await bare.post(`${PATH}/samples/rate`), 'PROVIDER_NOT_CONFIGURED');
    assert.deepEqual([refused.status, /model/u.test(refused.fix)], [503, true]);
    await bare.watching.watcher.round();
    assert.equal((await summary()).candidates, candidates, 'they wait for a model');
    provider.script({ text: JSON.stringify({ ratings: [{ case: 1, confidence: 0 }] }), usage });
    await served.server.post(`${PATH}/samples/rate`);
    errorIn(await served.server.post(`${PATH}/samples/rate`), 'ORACLE_BUDGET_REACHED');
    await execute(4, 'dinner?');
    await served.server.watching.watcher.round();
    assert.equal(provider.seen.length, asked + 1);
    assert.equal((await summary()).candidates, 0, 'nothing is kept for which nobody may be asked');
  });
});
