import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { PtcClient, PtcServiceError } from '@loopwright/generation';
import { type ScriptedProvider, startProvider } from '@loopwright/models/scripted';
import { type ExecutionPlanInput, systemClock, systemRandom } from '@loopwright/protocol';
import { createGenerator } from '../generator.ts';
import { DOUBLE, DOUBLES, KEYS, submission } from './agent-fixture.ts';
import { openModelAgent } from './open-model-agent.ts';

const stack = new AsyncDisposableStack();
const dataDir = mkdtempSync(join(tmpdir(), 'loopwright-model-service-'));
let provider: ScriptedProvider;
let client: PtcClient;
let url: string;
const logged: string[] = [];
before(async () => {
  stack.defer(() => rmSync(dataDir, { recursive: true, force: true }));
  provider = stack.use(await startProvider());
  const environment = {
    LOOPWRIGHT_LLM_CLAUDE: 'compatible/m',
    LOOPWRIGHT_MODEL_BASE_URL: provider.url,
    LOOPWRIGHT_MODEL_API_KEY: KEYS.primary,
    LOOPWRIGHT_MODEL_ATTEMPTS: '1',
  };
  const generator = await createGenerator({
    dataDir,
    jailPolicy: 'off',
    clock: systemClock,
    random: systemRandom,
    agents: (parts) => [stack.use(openModelAgent({ ...parts, environment }))],
    log: (message, error) => logged.push(`${message} ${String(error)}`),
  });
  stack.use(generator);
  url = await generator.app.listen({ host: '127.0.0.1', port: 0 });
  client = stack.use(new PtcClient({ serviceUrl: url, maxRetries: 1 }));
});
after(() => stack.disposeAsync());

const plan = (id: string, more: Partial<ExecutionPlanInput> = {}): ExecutionPlanInput => ({
  execution_id: id,
  scaffolding: { task_description: 'Double a number' },
  fallback_llm: null,
  metadata: { program_name: 'double', examples: DOUBLES },
  ...more,
});

describe('the service with a model agent', () => {
  it('answers a plan over HTTP with a tested program, and tells how it comes along', async () => {
    provider.script(submission({ 'program.ts': 'export function run( {' }), submission(DOUBLE));
    const seen: string[] = [];
    const result = await client.execute(plan('m-1'), { onProgress: ({ event_type }) => seen.push(event_type) });
    assert.deepEqual([result.status, result.iterations_used, result.metadata['model']], ['SUCCESS', 2, 'compatible/m']);
    assert.deepEqual([result.llm_usage[0]?.total_tokens, result.llm_usage[0]?.cost_usd], [2400, null]);
    assert.deepEqual([seen[0], seen.at(-1)], ['execution_started', 'execution_completed']);
    // The client follows as long as the plan is worked on; what was told in its last instant is read from the service.
    const told = await (await fetch(`${url}/executions/m-1/events`)).text();
    for (const type of ['code_generating', 'validation_failed', 'test_passed'])
      assert.ok(told.includes(`event: ${type}\n`), `${type} of ${told}`);
  });

  it('keeps no answer for a provider that is lost: the same id is worked on again', async () => {
    provider.script({ status: 500, body: `{"error":{"message":"no ${KEYS.primary}"}}` });
    await assert.rejects(
      client.execute(plan('m-2')),
      (error) => error instanceof PtcServiceError && error.serviceStatus === 503 && !error.message.includes('sk-'),
    );
    provider.script(submission(DOUBLE));
    assert.equal((await client.execute(plan('m-2'))).status, 'SUCCESS');
    await assert.rejects(
      client.execute(plan('m-3', { primary_llm: 'openai' })),
      (error) => error instanceof PtcServiceError && error.serviceStatus === 503 && /OPENAI_API_KEY/.test(error.message),
    );
  });

  it('leaves no key in what it stores, sends or logs', async () => {
    provider.script(submission({ ...DOUBLE, 'notes.md': KEYS.primary }, KEYS.primary));
    const result = await client.execute(plan('m-4', { scaffolding: { task_description: `Say ${KEYS.primary}` } }));
    const stored = readdirSync(dataDir, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => readFileSync(join(entry.parentPath, entry.name), 'utf8'));
    assert.ok(!JSON.stringify([result, logged]).includes('sk-'));
    assert.ok(stored.length > 0 && !stored.some((text) => text.includes(KEYS.primary)));
  });
});
