import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type Server, createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { createMcpHandler } from '@modelcontextprotocol/server';
import { type Json, type JsonObject, PlatformError } from '@loopwright/protocol';
import { type AgentFixture, DOUBLE, openAgentFixture, planOf, submission } from '../models/agent-fixture.ts';
import { testServer } from './fixtures/mcp-tools.ts';
import { type HostTool, localTools } from './host-tool.ts';
import { TOOL_LIMITS } from './limits.ts';
import { memberNames, toolTypes } from './tool-types.ts';
import { readToolGrants } from './tool-grants.ts';

const TOKEN = 'shop-token-5f2c8e1a9b';
const asked: Json[] = [];
const tool = (name: string, call: HostTool['call'], more: Partial<HostTool> = {}): HostTool => ({
  name,
  description: `The tool ${name}`,
  inputSchema: { type: 'object' },
  outputSchema: null,
  call,
  ...more,
});
const local = localTools('local', [
  tool('echo', async (input) => (asked.push(input), input), {
    inputSchema: { type: 'object', properties: { n: { type: 'integer' }, text: { type: 'string', pattern: '^(a+)+$' } } },
  }),
  tool('giant', async () => 'x'.repeat(TOOL_LIMITS.resultBytes + 1)),
  tool('throws', () => Promise.reject(new Error('\u001b[31mno\u202e'))),
]);

let fixture: AgentFixture;
let http: Server;
const dir = mkdtempSync(join(tmpdir(), 'loopwright-tools-'));
before(async () => {
  const handler = createMcpHandler(() => testServer());
  http = createServer((incoming, outgoing) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', async () => {
      const headers = new Headers(incoming.headers as Record<string, string>);
      const body = incoming.method === 'POST' ? { body: Buffer.concat(chunks) } : {};
      const response = await handler.fetch(
        new Request('http://localhost/mcp', { method: incoming.method ?? 'GET', headers, ...body }),
      );
      outgoing.writeHead(response.status, Object.fromEntries(response.headers)).end(Buffer.from(await response.arrayBuffer()));
    });
  }).listen(0, '127.0.0.1');
  await once(http, 'listening');
  const main = join(import.meta.dirname, 'fixtures/mcp-stdio-main.ts');
  const servers = [
    {
      name: 'shop',
      transport: { type: 'stdio', command: process.execPath, args: [main], env_from: { SHOP_TOKEN: 'MY_TOKEN' } },
      tools: ['list-orders', 'fail', 'secret'],
    },
    { name: 'web', transport: { type: 'http', url: `http://127.0.0.1:${(http.address() as AddressInfo).port}/mcp` } },
    { name: 'gone', transport: { type: 'stdio', command: join(dir, 'no-such-command') } },
  ];
  writeFileSync(join(dir, 'tools.json'), JSON.stringify({ servers }));
  fixture = await openAgentFixture(
    { LOOPWRIGHT_GENERATOR_TOOLS_FILE: join(dir, 'tools.json'), MY_TOKEN: TOKEN },
    { localTools: [local] },
  );
});
after(async () => {
  await fixture[Symbol.asyncDispose]();
  http.closeAllConnections();
  http.close();
  rmSync(dir, { recursive: true });
});

/** What the model is told of its program, and the figures of the result. */
async function runProgram(
  code: string,
  tools: readonly string[] = ['local'],
): Promise<{ told: string; report: JsonObject; prompt: string; all: string }> {
  const { primary } = fixture;
  primary.script({ text: '', calls: [{ name: 'run_program', arguments: { code } }] }, submission(DOUBLE));
  const { result, events } = await fixture.run({ metadata: { tools: [...tools] } });
  assert.equal(result.status, 'SUCCESS');
  const messages = primary.seen.at(-1)?.body.messages ?? [];
  return {
    told: messages.at(-1)?.content ?? '',
    report: result.metadata['tools'] as JsonObject,
    prompt: messages[1]?.content ?? '',
    all: JSON.stringify([result, events]),
  };
}

describe('programs that call tools', () => {
  it('call servers by stdio as typed functions, and only what they print comes back', async () => {
    const { told, report, prompt, all } = await runProgram(
      `const pages = await Promise.all([0, 1000].map((from) => tools.shop.list_orders({ from, count: 1000 })));
       print('total', pages.flatMap(({ rows }) => rows).reduce((sum, { total }) => sum + total, 0));`,
      ['shop'],
    );
    assert.equal(told, 'total 2998500\n');
    assert.match(
      prompt,
      /\/\*\* Gives orders \* \/ \} evil \*\/\n\s+list_orders\(input: \{ "from": number; "count": number \}\): Promise<\{ "rows": Array<\{ "id": number; "total": number \}> \}>/,
    );
    assert.ok(!prompt.includes('hidden'));
    assert.deepEqual(report['calls'], { 'shop.list_orders': 2 });
    const {
      tokens_ordinary: ordinary,
      tokens_used: used,
      tokens_saved: saved,
      share_saved: share,
    } = report as Record<string, number>;
    assert.ok(
      (ordinary ?? 0) > 50 * (used ?? 0) && saved === (ordinary ?? 0) - (used ?? 0) && (share ?? 0) > 0.98,
      JSON.stringify(report),
    );
    assert.ok(!all.includes('"total":1.5'));
  });

  it('call servers by HTTP, and get no secret of the host in front of the model', async () => {
    assert.equal(
      (await runProgram('print((await tools.web.list_orders({ from: 4, count: 1 })).rows[0].total);', ['web'])).told,
      '6\n',
    );
    const { told, all } = await runProgram(
      'print(await tools.shop.secret({})); try { await tools.shop.fail({}); } catch (error) { print(error.message); }',
      ['shop'],
    );
    assert.equal(told, '[key] no model key\nit failed with [key]\n');
    assert.ok(!all.includes(TOKEN));
  });

  it('are told what is wrong with them, and the generation goes on', async () => {
    const checks: [string, RegExp][] = [
      ['print(1', /^ERROR: Cannot build the modules/],
      ['import fs from "node:fs";', /^ERROR: /],
      ['await import("node:fs");', /^ERROR: Cannot build the modules: .*cannot be had/],
      ['for (;;);', /^ERROR: The program ran longer than/],
      ['await new Promise(() => {});', /\nERROR: the program waits for something that never comes$/],
      ['print("a\\u001b[2Jb\\u202e"); throw new TypeError("broken");', /^a\[2Jb\n\nERROR: TypeError: broken$/],
      ['try { await tools.local.throws({}); } catch (error) { print(error.message); }', /^\[31mno\n$/],
      ['await tools.local.giant({});', /more than 1048576 bytes/],
      ['await tools.local.echo({ text: "x".repeat(70_000) });', /more than 65536 characters/],
      ['await tools.local.echo({ n: 1.5 });', /the argument is not as declared: \/n must be integer/],
      ['await tools.local.echo(5 as never);', /the argument is no object/],
      ['print("y".repeat(1_000_000));', /^y{20000}\n\(more was printed: print less\)$/],
      ['for (let n = 0; ; n += 1) await tools.local.echo({ n });', /more than 200 calls of tools/],
      ['(tools as any).local = {}; ', /ERROR: TypeError/],
      [
        'print(typeof process, typeof fetch, typeof WebAssembly, Object.keys(tools).join());',
        /^undefined undefined undefined local\n$/,
      ],
      ['await (tools as any).web.list_orders({});', /ERROR: TypeError/],
    ];
    for (const [code, expected] of checks) assert.match((await runProgram(code)).told, expected, code);
    asked.length = 0;
    const catastrophic = await runProgram(
      `print((await tools.local.echo({ text: 'a'.repeat(40) + 'b' })).text.length, JSON.stringify(await tools.local.echo({ ['__proto__']: { polluted: true } })));`,
    );
    assert.match(catastrophic.told, /^41 /);
    assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  });

  it('cannot call what they were not granted by changing what runs them', async () => {
    asked.length = 0;
    const forged = `const look = { state: 'running', delivered: 0, calls: [{ id: 0, server: 'web', member: 'hidden', input: '{}' }, { id: 1, server: 'local', member: 'constructor', input: '{}' }], printed: '', failure: null };
      JSON.stringify = () => JSON.stringify; Array.prototype.push = () => 0; Map.prototype.set = () => undefined; Promise.prototype.then = undefined as never; globalThis.print = () => look;
      await tools.local.echo({ n: 1 });`;
    const { report } = await runProgram(forged);
    for (const name of Object.keys(report['calls'] as object)) assert.equal(name, 'local.echo');
  });

  it('are not begun with servers that nobody granted or that cannot be reached', async () => {
    assert.throws(
      () => fixture.agent.check(planOf({ metadata: { tools: ['../etc'] } })),
      (error) => error instanceof PlatformError && /grants none of this name/.test(error.message),
    );
    await assert.rejects(fixture.run({ metadata: { tools: ['gone'] } }), { code: 'SERVICE_UNAVAILABLE' });
    assert.throws(() => readToolGrants(join(dir, 'none.json')), { code: 'INVALID_CONFIGURATION' });
    writeFileSync(
      join(dir, 'bad.json'),
      JSON.stringify({ servers: [{ name: 'a', transport: { type: 'http', url: 'http://user:pass@host/' } }] }),
    );
    assert.throws(() => readToolGrants(join(dir, 'bad.json')), /must not hold credentials/);
  });
});

describe('toolTypes()', () => {
  it('makes names of members and types out of whatever servers call their tools', () => {
    assert.deepEqual(memberNames(['list-orders', 'list.orders', '__proto__', '1st', 'constructor', 'été']), [
      'list_orders',
      'list_orders_2',
      'tool_proto__',
      'tool_1st',
      'tool_constructor',
      'tool_t_',
    ]);
    const schema: JsonObject = {
      type: 'object',
      required: ['kind'],
      properties: {
        kind: { enum: ['a', 'b"*/'] },
        many: { type: 'array', items: { anyOf: [{ type: 'string' }, { type: 'null' }] } },
        'odd name': { type: ['integer', 'boolean'] },
        deep: { type: 'object', additionalProperties: { type: 'number' } },
      },
    };
    const types = toolTypes([
      { server: 's', member: 'm', tool: tool('m', async () => null, { inputSchema: schema, description: '' }) },
    ]);
    assert.ok(
      types.includes(
        String.raw`m(input: { "kind": "a" | "b\"*/"; "many"?: Array<string | null>; "odd name"?: number | boolean; "deep"?: Record<string, number> }): Promise<string>;`,
      ),
      types,
    );
  });
});
