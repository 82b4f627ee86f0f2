import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { breakEvenSchema, programMetadataSchema, systemClock, systemRandom } from '@loopwright/protocol';
import { openServerDatabase } from '../database/server-database.ts';
import { openServer } from '../http/app-fixture.ts';
import { breakEven } from './break-even.ts';
import { estimateCall } from './estimate-call.ts';
import { executionsOfRun } from './executions-of-run.ts';
import { ModelUsage, type ModelUsageTable } from './model-usage.ts';
import { PriceTable, usdText } from '@loopwright/models';

const DAY = Date.UTC(2026, 10, 21);
const used = { inputTokens: 1_000_000, outputTokens: 1_000_000 };

function tableOf(t: TestContext, text: string): string {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-prices-'));
  t.after(() => rmSync(dir, { recursive: true, force: true }));
  writeFileSync(join(dir, 'prices.yaml'), text);
  return join(dir, 'prices.yaml');
}

function openUsage(t: TestContext): {
  usage: ModelUsage;
  executionsOf: (id: string) => Promise<string[]>;
  call: (more: Partial<ModelUsageTable>) => Promise<void>;
} {
  const dir = mkdtempSync(join(tmpdir(), 'loopwright-usage-'));
  const database = openServerDatabase({ dir, durability: 'process', clock: systemClock });
  t.after(async () => {
    await database.destroy();
    rmSync(dir, { recursive: true, force: true });
  });
  const usage = new ModelUsage({ database: () => database, random: systemRandom });
  const plain = {
    execution_id: 'e1',
    project_id: 'p',
    unit: 'blank/planning/plan',
    agent: 'architect',
    phase: 'planning',
    provider: 'openai',
    model: 'gpt-4.1',
    prompt_characters: 4000,
    input_tokens: 1000,
    output_tokens: 500,
    cached_input_tokens: 0,
    cache_write_tokens: 0,
    cost_nanos: 6_000_000,
    at: DAY,
  };
  return { usage, executionsOf: (id) => executionsOfRun(database, id), call: (more) => usage.record({ ...plain, ...more }) };
}

describe('PriceTable', () => {
  it('has public prices of the bundled table, dated names included', () => {
    const prices = PriceTable.load(null);
    assert.equal(prices.costOf({ provider: 'anthropic', model: 'claude-sonnet-4-5-20250929', at: DAY, ...used }).usd, '18');
    assert.equal(
      prices.costOf({ provider: 'openai', model: 'gpt-4.1-mini', at: DAY, ...used, cachedInputTokens: 500_000 }).usd,
      '1.85',
    );
    assert.equal(
      prices.costOf({ provider: 'anthropic', model: 'claude-haiku-4-5', at: DAY, inputTokens: 1, outputTokens: 0 }).usd,
      '0.000001',
    );
    assert.equal(
      prices.costOf({ provider: 'openai', model: 'gpt-4o-mini', at: DAY, inputTokens: 3, outputTokens: 7 }).nanos,
      4650,
    );
  });

  it('takes the price of the day, and knows none before the first', (t) => {
    const prices = PriceTable.load(
      tableOf(
        t,
        `prices:\n- { provider: compatible, model: m, from: '2026-01-01', input: 1, output: 1 }\n- { provider: compatible, model: m, from: '2026-06-01', input: 2, output: 2 }`,
      ),
    );
    const at = (month: number): string | null =>
      prices.costOf({ provider: 'compatible', model: 'm', at: Date.UTC(2026, month, 1), ...used }).usd;
    assert.deepEqual([at(0), at(4), at(5), at(11), at(-1)], ['2', '2', '4', '4', null]);
  });

  it('says why a cost is not known', () => {
    const prices = PriceTable.load(null);
    assert.match(
      prices.costOf({ provider: 'compatible', model: 'llama', at: DAY, ...used }).reason ?? '',
      /no price is known.*prices_file/,
    );
    assert.match(
      prices.costOf({ provider: 'openai', model: 'gpt-5', at: DAY, inputTokens: null, outputTokens: 1 }).reason ?? '',
      /did not say/,
    );
  });

  it('takes the price of a newer model from the day for which a source has it', () => {
    const prices = PriceTable.load(null);
    const cached = (day: number): string | null =>
      prices.costOf({ provider: 'anthropic', model: 'claude-sonnet-5-5', at: day, ...used, cachedInputTokens: 1_000_000 }).usd;
    assert.deepEqual([Date.UTC(2026, 9, 6), Date.UTC(2026, 9, 7), Date.UTC(2026, 8, 1)].map(cached), ['10.2', '10.1', null]);
    assert.match(prices.costOf({ provider: 'anthropic', model: 'claude-haiku-5-5', at: DAY, ...used }).reason ?? '', /no price/);
  });

  it('refuses two prices of one day, a negative one and a provider that is none, and names the line', (t) => {
    const file = tableOf(
      t,
      `prices:
- { provider: openai, model: m, from: '2026-01-01', input: 1, output: 1 }
- { provider: openai, model: m, from: '2026-01-01', input: 2, output: 2 }`,
    );
    assert.throws(
      () => PriceTable.load(file),
      /line 3, \/prices\/1\/from: "openai\/m" has another price from 2026-01-01 on at \/prices\/0/,
    );
    const wrong = tableOf(
      t,
      `prices:
- provider: nobody
  model: m
  from: '2026-01-01'
  input: -1
  output: 1`,
    );
    assert.throws(() => PriceTable.load(wrong), /line 2, \/prices\/0\/provider: .*line 5, \/prices\/0\/input: /);
    assert.throws(() => PriceTable.load(tableOf(t, 'prices: [')), { code: 'INVALID_CONFIGURATION' });
  });

  it('refuses a file that is no table, and says where', (t) => {
    const file = tableOf(t, `prices: [{ provider: p, model: m, from: yesterday, input: -1, output: 1, colour: red }]`);
    assert.throws(
      () => PriceTable.load(file),
      (error: Error) => /\/prices\/0\/from.*\/prices\/0\/input/.test(error.message) && error.message.includes('colour'),
    );
    assert.throws(() => PriceTable.load('/nowhere.yaml'), { code: 'INVALID_CONFIGURATION' });
  });
});

describe('usdText', () => {
  it('writes billionths without noise', () =>
    assert.deepEqual([0, 1, 1_500_000_000, -20].map(usdText), ['0', '0.000000001', '1.5', '-0.00000002']));
});

describe('estimateCall', () => {
  it('needs three calls of the kind, then gives the median with its range', async (t) => {
    const { usage, call } = openUsage(t);
    const parts = { usage, prices: PriceTable.load(null) };
    const plan = {
      projectId: 'p',
      unit: 'blank/planning/plan',
      provider: 'openai',
      model: 'gpt-4.1',
      promptCharacters: 8000,
      at: DAY,
    };
    await call({ output_tokens: 100 });
    await call({ output_tokens: 300 });
    assert.deepEqual(await estimateCall(parts, plan), {
      usd: null,
      low: null,
      high: null,
      calls: 2,
      reason: '2 calls of this kind were measured, 3 are needed',
    });
    await call({ output_tokens: 900 });
    // 2000 tokens of prompt at 2 $ a million, then 300 (100 … 900) at 8 $.
    assert.deepEqual(await estimateCall(parts, plan), { usd: '0.0064', low: '0.0048', high: '0.0112', calls: 3, reason: null });
    assert.equal((await estimateCall(parts, { ...plan, unit: 'other' })).usd, null);
    for (const project_id of ['q', 'q', 'q', null]) await call({ project_id, output_tokens: 90_000 });
    assert.equal((await estimateCall(parts, plan)).usd, '0.0064', 'other projects change nothing');
    assert.equal((await estimateCall(parts, { ...plan, projectId: 'r' })).calls, 0);
    assert.deepEqual(await usage.tokensPerCharacter({ ...plan, projectId: 'r' }), []);
  });
});

describe('breakEven', () => {
  const metadata = programMetadataSchema.parse({
    id: 'i',
    task_id: 'sorter',
    version: 1,
    digest: 'a'.repeat(64),
    created_at: '2026-11-21T00:00:00Z',
    metadata: { execution_id: 'e1', input_characters_p50: 400 },
  });
  const request = {
    metadata,
    provider: 'openai',
    model: 'gpt-4.1',
    requestsPerDay: 1000,
    inputTokens: undefined,
    outputTokens: undefined,
  };

  it('reckons from measured figures', async (t) => {
    const { usage, executionsOf, call } = openUsage(t);
    const parts = {
      usage,
      executionsOf,
      projectOf: async () => 'p',
      prices: PriceTable.load(null),
      clock: { ...systemClock, now: () => DAY },
    };
    await call({});
    await call({});
    const { reasons, ...figures } = await breakEven(parts, { ...request, outputTokens: 5 });
    // 100 tokens at 2 $ and 5 at 8 $ a million are 0.00024 $; the two calls that made it cost 0.012 $.
    assert.deepEqual(figures, {
      program: 'sorter',
      version: 1,
      model: 'openai/gpt-4.1',
      requests_per_day: 1000,
      cost_of_making_usd: '0.012',
      cost_per_request_usd: '0.00024',
      tokens_per_request: { input: 100, output: 5 },
      requests_until_even: 50,
      days_until_even: 0.05,
      saved_per_day_usd: '0.24',
    });
    assert.match(reasons.join(), /without any instructions/);
  });

  it('gives null with a reason for what nobody measured', async (t) => {
    const { usage, executionsOf, call } = openUsage(t);
    const parts = { usage, executionsOf, projectOf: async () => 'p', prices: PriceTable.load(null), clock: systemClock };
    const unknown = await breakEven(parts, request);
    assert.deepEqual([unknown.cost_of_making_usd, unknown.cost_per_request_usd, unknown.requests_until_even], ['0', null, null]);
    assert.match(unknown.reasons.join(), /was never asked in its project.*give output_tokens/);
    await call({ cost_nanos: null });
    const dear = await breakEven(parts, { ...request, inputTokens: 10, outputTokens: 1 });
    assert.deepEqual([dear.cost_of_making_usd, dear.requests_until_even, dear.cost_per_request_usd], [null, null, '0.000028']);
    assert.match(dear.reasons.join(), /no known cost/);
  });

  it('is served over HTTP, and refuses what is no model', async () => {
    await using server = await openServer();
    await server.programs.store('sorter', {
      id: 'one',
      source: 'export function run(input: string) { return input; }',
      metadata: { metadata: { execution_id: 'e1' } },
    });
    const path =
      '/api/v1/programs/sorter/break-even?requests_per_day=10&model=anthropic/claude-haiku-4-5&input_tokens=100&output_tokens=10';
    const { status, body } = await server.get(path);
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(
      [breakEvenSchema.parse(body).cost_per_request_usd, breakEvenSchema.parse(body).requests_until_even],
      ['0.00015', 0],
    );
    assert.equal((await server.get('/api/v1/programs/sorter/break-even?requests_per_day=0&model=x')).status, 400);
    assert.equal((await server.get('/api/v1/programs/none/break-even?requests_per_day=1&model=a/b')).status, 404);
    assert.equal((await server.get(`${path}&version=9`)).status, 404);
  });
});
