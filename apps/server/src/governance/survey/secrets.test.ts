import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { findSecrets } from './secrets.ts';

const find = (text: string, path = 'a.ts'): string[] =>
  findSecrets(text, { path, lineOf: () => 1 }).places.map(({ message }) => message);
/** Built here, so that no scanner takes this file for a leak. */
const of = (...parts: string[]): string => parts.join('');

describe('findSecrets()', () => {
  it('finds known forms and keeps four characters of each', () => {
    const cases: [string, string][] = [
      ['AWS access key', of('AKIA', 'IOSFODNN7EXAMPLE')],
      ['GitHub token', of('ghp_', 'a1B2'.repeat(9))],
      ['GitHub token', of('github_pat_', '11ABCDEFG0'.repeat(3))],
      ['Anthropic key', of('sk-ant-', 'api03-abcdefghijklmnop')],
      ['OpenAI key', of('sk-proj-', 'a1b2c3d4e5f6g7h8i9j0')],
      ['Slack token', of('xoxb-', '1234567890-abcdef')],
      ['Stripe key', of('sk_live_', 'a1b2c3d4e5f6g7h8')],
      ['Google key', of('AIza', 'a1b2c'.repeat(7))],
      ['npm token', of('npm_', 'a1b2'.repeat(9))],
      ['JSON Web Token', of('eyJhbGciOiJIUzI1NiJ9', '.eyJzdWIiOiIxMjM0NTY3ODkwIn0', '.dozjgNryP4J3jVmNHl0w5N')],
      ['private key', of('-----BEGIN ', 'OPENSSH PRIVATE KEY-----')],
    ];
    for (const [name, secret] of cases) {
      assert.deepEqual(find(`const x = "${secret}";`), [`${name} "${secret.slice(0, 4)}…"`], name);
    }
  });

  it('finds values of high entropy that are called a secret, and no placeholders, words or plain variables', () => {
    assert.equal(find('const apiKey = "q9X2mB7vL0sT4kRz";').length, 1);
    assert.equal(find('"client_secret": "q9X2mB7vL0sT4kRz"', 'a.json').length, 1);
    assert.equal(find('DB_PASSWORD=q9X2mB7vL0sT4kRz\n', '.env').length, 1);
    assert.equal(find('export API_TOKEN=q9X2mB7vL0sT4kRz', 'dev.env').length, 1);
    for (const harmless of [
      'const apiKey = "your-api-key-123";',
      'const password = "correcthorsebattery";',
      'const token = "${TOKEN_FROM_SOMEWHERE1}";',
      'const secret = "aaaaaaaaaaaa1111";',
      'const kind = "q9X2mB7vL0sT4kRz";',
      'const sk = "risk-assessment-of-a-long-name";',
      'AKIA',
    ])
      assert.deepEqual(find(harmless), [], harmless);
  });

  it('counts all and keeps the first', () => {
    const text = `${of('AKIA', 'IOSFODNN7EXAMPLE')}\n`.repeat(500);
    const { total, places } = findSecrets(text, { path: 'a', lineOf: () => 1 });
    assert.equal(total, 500);
    assert.equal(places.length, 60);
  });
});
