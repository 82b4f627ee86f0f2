import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { clientOptionsFromEnvironment, redisOptionsFromEnvironment } from './environment.ts';

describe('clientOptionsFromEnvironment', () => {
  it('reads the variables of the source, in its units', () => {
    const environment = {
      PTC_SERVICE_URL: 'http://ptc:8001',
      PTC_TIMEOUT: '600',
      PTC_MAX_RETRIES: '5',
      PTC_RETRY_DELAY: '0.5',
      REDIS_URL: 'redis://r:6379/0',
      REDIS_PASSWORD: 'p',
    };
    assert.deepEqual(clientOptionsFromEnvironment(environment), {
      serviceUrl: 'http://ptc:8001',
      timeoutMs: 600_000,
      maxRetries: 5,
      retryDelayMs: 500,
    });
    assert.deepEqual(redisOptionsFromEnvironment(environment), { url: 'redis://r:6379/0', password: 'p' });
  });

  it("has the source's address, and leaves the rest to the client, when nothing is set", () => {
    const empty = { PTC_TIMEOUT: '', REDIS_PASSWORD: ' ' };
    assert.deepEqual(clientOptionsFromEnvironment(empty), { serviceUrl: 'http://localhost:8001' });
    assert.deepEqual(redisOptionsFromEnvironment(empty), {});
  });

  it('refuses what is no number or out of range, by its name', () => {
    const wrong: [string, string][] = [
      ['PTC_TIMEOUT', 'soon'],
      ['PTC_TIMEOUT', '0'],
      ['PTC_TIMEOUT', '1e3'],
      ['PTC_TIMEOUT', '-1'],
      ['PTC_MAX_RETRIES', '2.5'],
      ['PTC_MAX_RETRIES', '21'],
      ['PTC_RETRY_DELAY', 'Infinity'],
    ];
    for (const [name, value] of wrong)
      assert.throws(
        () => clientOptionsFromEnvironment({ [name]: value }),
        (error: unknown) => error instanceof Error && error.message.includes(name),
      );
  });
});
