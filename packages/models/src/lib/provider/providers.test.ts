import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, describe, it } from 'node:test';
import { systemClock, systemRandom } from '@loopwright/protocol';
import { type ScriptedProvider, startProvider } from '../scripted/scripted-provider.ts';
import { openProviderTransport } from './bounded-fetch.ts';
import { ModelClient } from './model-client.ts';
import { ProviderKeys } from './provider-keys.ts';

const KEY = 'key-0123456789abcdef';
const REQUEST = {
  system: 'Be short.',
  prompt: 'Say {"a":1} as JSON.',
  schema: { type: 'object', properties: { a: { type: 'integer', minimum: 1 } } },
  maxOutputTokens: 500,
};

async function open(t: TestContext, model: string): Promise<{ provider: ScriptedProvider; client: ModelClient }> {
  const stack = new AsyncDisposableStack();
  t.after(() => stack.disposeAsync());
  const provider = stack.use(await startProvider());
  const source = { key: KEY, file: null };
  const client = new ModelClient({
    keys: new ProviderKeys({ anthropic: source, openai: source, compatible: source }),
    urls: { anthropic: provider.url, openai: provider.url, compatible: provider.url },
    fetch: stack.use(openProviderTransport()).fetch,
    model,
    fallback: null,
    timeoutMs: 10_000,
    attempts: 1,
    retryDelayMs: 1,
    clock: systemClock,
    random: systemRandom,
  });
  return { provider, client };
}

describe('the providers', () => {
  it('OpenAI gets the schema, keeps nothing, and answers with text', async (t) => {
    const { provider, client } = await open(t, 'openai/gpt-5-mini');
    provider.script({
      text: '{"a":1}',
      usage: { prompt_tokens: 9, completion_tokens: 4, total_tokens: 13, prompt_tokens_details: { cached_tokens: 2 } },
    });
    const reply = await client.ask(REQUEST, new AbortController().signal);
    assert.deepEqual(
      [reply.text, reply.finish, reply.usage],
      ['{"a":1}', 'stop', { input: 9, output: 4, cachedInput: 2, cacheWrite: 0 }],
    );
    const [{ path, headers, raw } = { path: '', headers: {}, raw: '' }] = provider.seen;
    assert.deepEqual([path, headers['authorization']], ['/v1/chat/completions', `Bearer ${KEY}`]);
    assert.match(raw, /"json_schema":\{"schema":\{"type":"object"/);
    assert.match(raw, /"store":false/);
  });

  it('Anthropic gets the schema as the one tool, and its input is the answer', async (t) => {
    const { provider, client } = await open(t, 'anthropic/claude-sonnet-4-5');
    const usage = { input_tokens: 5, output_tokens: 7, cache_read_input_tokens: 3, cache_creation_input_tokens: 1 };
    const content = [{ type: 'tool_use', id: 't', name: 'json', input: { a: 1 } }];
    provider.script({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ id: 'x', type: 'message', role: 'assistant', model: 'm', content, stop_reason: 'tool_use', usage }),
    });
    const reply = await client.ask(REQUEST, new AbortController().signal);
    assert.deepEqual(
      [reply.text, reply.finish, reply.usage],
      ['{"a":1}', 'stop', { input: 9, output: 7, cachedInput: 3, cacheWrite: 1 }],
    );
    const [{ path, headers, raw } = { path: '', headers: {}, raw: '' }] = provider.seen;
    assert.deepEqual([path, new Headers(headers as Record<string, string>).get('x-api-key')], ['/v1/messages', KEY]);
    assert.match(raw, /"input_schema":\{"type":"object"/);
  });

  it('a provider that sends nonsense for counts is taken to have said nothing', async (t) => {
    const { provider, client } = await open(t, 'compatible/m');
    provider.script({ text: '{}', usage: { prompt_tokens: -5, completion_tokens: 1.5, total_tokens: 1e99 } });
    const { usage } = await client.ask(REQUEST, new AbortController().signal);
    assert.deepEqual([usage.input, usage.output], [null, null]);
  });

  it('a key file is read at each use and never shown', (t) => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-keys-'));
    t.after(() => rmSync(dir, { recursive: true, force: true }));
    const file = join(dir, 'key');
    const none = { key: null, file: null };
    const keys = new ProviderKeys({ anthropic: none, openai: none, compatible: { key: 'of-the-environment', file } });
    assert.throws(() => keys.of('compatible'), { code: 'PROVIDER_NOT_CONFIGURED' });
    writeFileSync(file, 'first-secret-key\n');
    assert.equal(keys.of('compatible'), 'first-secret-key');
    writeFileSync(file, 'second-secret-key');
    assert.equal(keys.of('compatible'), 'second-secret-key');
    assert.equal(keys.redact('first-secret-key, second-secret-key, ollama'), '[key], [key], ollama');
    writeFileSync(file, 'not a key\u0000\nsecret-line');
    assert.throws(
      () => keys.of('compatible'),
      (error: Error) => !error.message.includes('secret-line'),
    );
  });
});
