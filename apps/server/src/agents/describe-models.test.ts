import assert from 'node:assert/strict';
import { it } from 'node:test';
import { ModelClient, ProviderKeys } from '@loopwright/models';
import { type ServerSetting, systemClock, systemRandom } from '@loopwright/protocol';
import { describeModels, whyNoModel } from './describe-models.ts';

const NO_KEY = { key: null, file: null };
const client = (model: string | null): ModelClient =>
  new ModelClient({
    keys: new ProviderKeys({
      anthropic: { key: 'a key that nobody sees', file: null },
      openai: { key: null, file: '/nowhere/key' },
      compatible: NO_KEY,
    }),
    urls: { anthropic: 'http://127.0.0.1:9', openai: 'http://127.0.0.1:9', compatible: null },
    fetch: () => Promise.reject(new Error('nobody may be asked')),
    model,
    fallback: null,
    timeoutMs: 1000,
    attempts: 1,
    retryDelayMs: 1,
    clock: systemClock,
    random: systemRandom,
  });
const setting = (key: string, value: string | null): ServerSetting => ({
  key,
  value,
  description: '',
  default: null,
  is_default: false,
  is_secret: false,
  flag: '',
  variables: [],
});

it('says what is missing of each provider and of each model that is set, and shows no key', () => {
  const settings = [setting('model', 'anthropic/x'), setting('fallback_model', null), setting('llm_kimi', 'compatible/kimi-k2')];
  const described = describeModels(client('anthropic/x'), settings);
  assert.deepEqual(
    described.providers.map(({ provider, configured }) => [provider, configured]),
    [
      ['anthropic', true],
      ['openai', false],
      ['compatible', false],
    ],
  );
  assert.match(described.providers[1]?.reason ?? '', /key file "\/nowhere\/key"/);
  assert.match(described.providers[2]?.reason ?? '', /set model_base_url/);
  const [model, fallback] = described.models;
  assert.deepEqual(
    [model?.model, model?.usable, fallback?.usable, fallback?.reason],
    ['anthropic/x', true, false, 'none is set'],
  );
  assert.match(described.models.find(({ setting: key }) => key === 'llm_kimi')?.reason ?? '', /"compatible" is not configured/);
  assert.doesNotMatch(JSON.stringify(described), /nobody sees/);
});

it('says why an agent cannot ask the model that is set, or its own', () => {
  assert.match(whyNoModel(client(null), null) ?? '', /no model is set/);
  assert.equal(whyNoModel(client('anthropic/x'), null), null);
  assert.match(whyNoModel(client('anthropic/x'), 'openai/y') ?? '', /Cannot read the key file/);
});
