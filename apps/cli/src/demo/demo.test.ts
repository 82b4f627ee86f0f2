import assert from 'node:assert/strict';
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { z } from 'zod';
import { readUdhr } from './udhr.ts';

const MAIN = join(import.meta.dirname, '../main.ts');
const CONDITION = '--conditions=loopwright-source';
const REQUESTS = 1500;

/** What the demonstration says when a stage begins, and how long into it the server is killed, in milliseconds. */
const KILLS: readonly { readonly at: RegExp; readonly afterMs: number }[] = [
  { at: /…\s+Sending/, afterMs: 0 },
  { at: /…\s+Looking at the examples/, afterMs: 1 },
  { at: /ok\s+Answered/, afterMs: 0 },
  { at: /…\s+Generating/, afterMs: 900 },
  { at: /…\s+Evaluating/, afterMs: 15 },
  { at: /ok\s+Accepted/, afterMs: 0 },
  { at: /…\s+Promoting/, afterMs: 3 },
  { at: /Serving requests: 450 of/, afterMs: 20 },
];

const resultSchema = z.object({
  outcome: z.object({ program: z.string(), version: z.int(), accuracy: z.number(), evaluated_on: z.int() }),
  served: z.object({ requests: z.int(), repeated: z.int() }),
  analytics: z.object({ total_executions: z.int(), failed_executions: z.int() }),
});

function demo(args: readonly string[]): ChildProcess {
  return spawn(process.execPath, [CONDITION, MAIN, 'demo', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
}

async function textOf(stream: Readable | null): Promise<string> {
  const parts: Buffer[] = [];
  for await (const part of stream ?? []) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

describe('loopwright demo', () => {
  it('runs the whole loop although the server is killed -9 in every stage of it', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-demo-'));
    const dataDir = join(dir, 'data');
    const { examples } = await readUdhr({ languages: ['en', 'de', 'es', 'ru'] });
    const file = join(dir, 'examples.jsonl');
    writeFileSync(file, examples.map((example) => `${JSON.stringify(example)}\n`).join(''));
    const child = demo([
      '--examples',
      file,
      '--program',
      'router',
      '--requests',
      String(REQUESTS),
      '--json',
      '--data-dir',
      dataDir,
    ]);
    const output = textOf(child.stdout);
    const left = [...KILLS];
    const lines: string[] = [];
    createInterface({ input: child.stderr ?? Readable.from([]) }).on('line', (line) => {
      lines.push(line);
      const index = left.findIndex(({ at }) => at.test(line));
      const [kill] = index === -1 ? [] : left.splice(index, 1);
      if (kill !== undefined) setTimeout(() => killServer(dataDir), kill.afterMs);
    });
    const [code] = await once(child, 'exit');
    assert.equal(code, 0, lines.join('\n'));
    assert.deepEqual(left, [], `not every stage was seen:\n${lines.join('\n')}`);
    assert.ok(lines.filter((line) => line.includes('The server ended (SIGKILL)')).length >= 5, lines.join('\n'));

    const { outcome, served, analytics } = resultSchema.parse(JSON.parse(await output));
    assert.ok(outcome.accuracy > 0.9, String(outcome.accuracy));
    assert.equal(served.requests, REQUESTS);
    assert.ok(analytics.total_executions >= REQUESTS);
    assert.equal(analytics.failed_executions, 0);
    const versions = readdirSync(join(dataDir, 'edge/artifacts/router')).filter((name) => /^v\d+$/.test(name));
    assert.deepEqual(versions, ['v1'], 'a crash made a second version');
    const promotions = readFileSync(join(dataDir, 'edge/artifacts/router/promotions.jsonl'), 'utf8').trim().split('\n');
    assert.equal(promotions.length, 1, 'a crash made a second promotion');
    rmSync(dir, { recursive: true, force: true });
  });

  it('refuses a file of examples that is wrong, with the line and the reason, and keeps nothing', () => {
    const dir = mkdtempSync(join(tmpdir(), 'loopwright-demo-'));
    const good = '{"input":{"text":"a"},"output":"x"}\n';
    // Each starts a server. The tests of the server have every way in which a file can be wrong.
    const cases: [string, string, RegExp][] = [
      ['bad.jsonl', `${good}${good}{"input": \n`, /line 3/],
      ['missing.jsonl', `${good}{"input":{"text":"b"}}\n`, /line 2.*output/s],
    ];
    for (const [name, content, expected] of cases) {
      const file = join(dir, name);
      writeFileSync(file, content);
      const { status, stderr } = spawnSync(
        process.execPath,
        [CONDITION, MAIN, 'demo', '--examples', file, '--data-dir', join(dir, 'data')],
        {
          encoding: 'utf8',
        },
      );
      assert.equal(status, 1);
      assert.match(stderr, expected);
      assert.match(stderr, /INVALID_EXAMPLES/);
    }
    assert.deepEqual(readdirSync(join(dir, 'data/examples')), []);
    assert.equal(existsSync(join(dir, 'data/edge/artifacts')), false);
    rmSync(dir, { recursive: true, force: true });
  });
});

function killServer(dataDir: string): void {
  const { pid } = z.object({ pid: z.int() }).parse(JSON.parse(readFileSync(join(dataDir, 'server.json'), 'utf8')));
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It was dead already: the note is of the process before.
  }
}
