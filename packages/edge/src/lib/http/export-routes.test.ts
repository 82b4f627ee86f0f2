import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ExecutionRecord, errorResponseSchema, isoTime, systemClock, systemRandom } from '@loopwright/protocol';
import { ExecutionLog } from '../dataset/execution-log.ts';
import { noJail } from '../sandbox/jail/jail.ts';
import { ProgramStore } from '../store/program-store.ts';
import { type Edge, createEdge } from './create-edge.ts';

const TODAY = isoTime(systemClock.now()).slice(0, 10);
const EARLIER = '2026-03-07';
let dir = '';
let edge: Edge;

function record(id: string, input: ExecutionRecord['input_data'], error: string | null): ExecutionRecord {
  const base = {
    id,
    program_id: 'p',
    task_id: 'spam',
    version: 1,
    latency_ms: 2,
    memory_usage_mb: null,
    sampled_for_validation: false,
  };
  const ended =
    error === null
      ? ({ status: 'success', output_data: { result: -1 } } as const)
      : ({ status: 'error', output_data: null } as const);
  return { ...base, ...ended, input_data: input, error_message: error, validation_id: null, executed_at: `${EARLIER}T12:00:00Z` };
}

before(async () => {
  dir = await mkdtemp(join(tmpdir(), 'loopwright-export-'));
  const store = new ProgramStore({ dir, clock: systemClock });
  await store.store('spam', { id: 'a', source: 'export const run = (text: string) => text.length;' });
  await store.setActive('spam', 1, { record: { id: 'p' } });
  // As if its day were today.
  const clock = { ...systemClock, now: () => Date.parse(`${EARLIER}T12:00:01Z`) };
  const log = await ExecutionLog.open({ dir, taskId: 'spam', clock });
  await log.append(record('one', '=1+1, "quoted"\nand so on', null));
  await log.append(record('two', -5, '=HYPERLINK("http://evil.example","click")'));
  await log.close();
  edge = await createEdge({
    dataDir: dir,
    sandbox: { jail: noJail, workers: 1 },
    retentionDays: 10_000,
    authToken: 'token',
    clock: systemClock,
    random: systemRandom,
  });
  assert.equal((await edge.app.inject({ method: 'POST', url: '/execute', payload: { input: 'x' } })).statusCode, 200);
});
after(async () => {
  await edge.close();
  await rm(dir, { recursive: true });
});

const get = (path: string, token = 'token'): Promise<Awaited<ReturnType<typeof edge.app.inject>>> =>
  edge.app.inject({ url: `/tasks/spam/${path}`, headers: { authorization: `Bearer ${token}` } });

/** What DuckDB reads in a Parquet file; `undefined` where it is not installed. */
async function rowsOf(parquet: Buffer): Promise<unknown[] | undefined> {
  const api = await import('@duckdb/node-api').catch(() => undefined);
  if (api === undefined) return undefined;
  const path = join(dir, 'read.parquet');
  await writeFile(path, parquet);
  const connection = await (await api.DuckDBInstance.create(':memory:')).connect();
  const rows = (await connection.runAndReadAll(`SELECT * FROM read_parquet('${path}')`)).getRowObjectsJson();
  connection.closeSync();
  return rows;
}

describe('the exports of the edge', () => {
  it('gives executions as CSV, of all days or of some, and no formula among them', async () => {
    const { statusCode, headers, body } = await get('executions/export');
    assert.equal(statusCode, 200);
    assert.equal(headers['content-type'], 'text/csv; charset=utf-8; header=present');
    assert.equal(headers['content-disposition'], 'attachment; filename="spam-executions.csv"');
    const lines = body.split('\r\n');
    assert.match(lines[0] ?? '', /^executed_at,status,latency_ms,.*,input_data,output_data,error_message,validation_id$/u);
    assert.equal(
      lines[1],
      `${EARLIER}T12:00:00Z,success,2,false,1,one,p,spam,"""=1+1, \\""quoted\\""\\nand so on""","{""result"":-1}",,`,
    );
    assert.equal(
      lines[2],
      `${EARLIER}T12:00:00Z,error,2,false,1,two,p,spam,-5,,"'=HYPERLINK(""http://evil.example"",""click"")",`,
    );
    assert.deepEqual([lines[3]?.startsWith(TODAY), lines[4], lines.length], [true, '', 5]);
    const some = await get(`executions/export?from=2026-01-01&to=${EARLIER}`);
    assert.equal(some.headers['content-disposition'], `attachment; filename="spam-executions-from-2026-01-01-to-${EARLIER}.csv"`);
    assert.equal(some.body, `${lines.slice(0, 3).join('\r\n')}\r\n`);
  });

  it('gives the figures of each day as CSV', async () => {
    const { body } = await get(`analytics/export?to=${EARLIER}`);
    assert.deepEqual(body.split('\r\n'), [
      'date,total_executions,successful_executions,failed_executions,success_rate,sampled_count,sampling_rate,avg_latency_ms,p50_latency_ms,p99_latency_ms',
      body.split('\r\n')[1],
      '',
    ]);
    assert.match(body, new RegExp(`\\n${EARLIER},2,1,1,0\\.5,0,0,2,`, 'u'));
  });

  it('gives both as Parquet, answers SQL, one thing at a time, and leaves no file behind', async (context) => {
    const ask = (sql: string): ReturnType<typeof get> =>
      edge.app.inject({
        method: 'POST',
        url: '/tasks/spam/executions/query',
        headers: { authorization: 'Bearer token' },
        payload: { sql, to: EARLIER },
      });
    const counts = 'SELECT status, count(*)::INTEGER AS n FROM executions GROUP BY ALL ORDER BY status';
    const asks = [
      () => get('executions/export?format=parquet'),
      () => get('analytics/export?format=parquet'),
      () => ask(counts),
      () => ask(counts),
    ] as const;
    const together = await Promise.all(asks.map((one) => one()));
    // Three of them wait for each other, whichever came first.
    const refused = together.findIndex(({ statusCode }) => statusCode === 503);
    const again = await asks[refused]?.();
    const [executions, figures, counted] = together.map((answer, index) =>
      index === refused ? again : answer,
    ) as typeof together;
    assert.ok(executions !== undefined && figures !== undefined && counted !== undefined);
    if (/not installed/u.test(executions.body)) return context.skip('@duckdb/node-api is not installed');
    assert.equal(errorResponseSchema.parse(together[refused]?.json()).error_code, 'OVERLOADED');
    assert.equal(together.filter(({ statusCode }) => statusCode === 200).length, 3);
    const [failed, success] = ['error', 'success'].map((status) => ({ status, n: 1 }));
    assert.deepEqual([counted.statusCode, counted.json()], [200, { rows: [failed, success], truncated: false }]);
    for (const { headers, rawPayload } of [executions, figures]) {
      assert.equal(headers['content-type'], 'application/vnd.apache.parquet');
      assert.equal(Number(headers['content-length']), rawPayload.length);
    }
    assert.equal(executions.headers['content-disposition'], 'attachment; filename="spam-executions.parquet"');
    const rows = (await rowsOf(executions.rawPayload)) as { id: string; input_data: string; error_message: string | null }[];
    assert.equal(rows.length, 3);
    const two = rows.find(({ id }) => id === 'two');
    // What is no text for a spreadsheet is given as it is.
    assert.deepEqual([two?.input_data, two?.error_message], ['-5', '=HYPERLINK("http://evil.example","click")']);
    const days = (await rowsOf(figures.rawPayload)) as { date: string; total_executions: string; success_rate: number }[];
    assert.deepEqual(
      days.map(({ date, total_executions: total, success_rate: share }) => [date, Number(total), share]),
      [
        [EARLIER, 2, 0.5],
        [TODAY, 1, 1],
      ],
    );
    assert.deepEqual(await readdir(join(dir, 'exports')), []);
    const wrong = errorResponseSchema.parse((await ask(`SELECT * FROM read_text('/etc/hostname')`)).json());
    assert.deepEqual([wrong.error_code, /Permission Error/u.test(wrong.message)], ['VALIDATION_ERROR', true]);
    return undefined;
  });

  it('lets only the orchestrator in, and refuses what is no question', async () => {
    const codeOf = async (path: string, token?: string): Promise<string> =>
      errorResponseSchema.parse((await get(path, token)).json()).error_code;
    assert.equal(await codeOf('executions/export', 'other'), 'UNAUTHORIZED');
    assert.equal(await codeOf('analytics/export', 'other'), 'UNAUTHORIZED');
    const asked = await edge.app.inject({ method: 'POST', url: '/tasks/spam/executions/query', payload: { sql: 'SELECT 1' } });
    assert.equal(asked.statusCode, 401);
    for (const query of ['format=xls', 'from=yesterday', 'from=2026-03-07&to=2026-03-06', 'more=1'])
      assert.equal(await codeOf(`executions/export?${query}`), 'VALIDATION_ERROR', query);
    assert.equal(await codeOf('../nobody/executions/export'), 'PROGRAM_NOT_FOUND');
    assert.equal(existsSync(join(dir, 'datasets/nobody')), false);
  });
});
