import { once } from 'node:events';
import { request as httpRequest } from 'node:http';
import { type Answer, DEFINITIONS, type TestServer, executionIn, openServer, untilStatus } from '../http/app-fixture.ts';
import type { Presented } from '../identity/authenticator.ts';
import { type Principal, type Role, UNRESTRICTED } from '../identity/principal.ts';
import type { Selectable } from 'kysely';
import type { WebhookTable } from '../webhooks/webhook-tables.ts';
import type { GrantRole } from './roles.ts';

/** The two projects: what one sees, the other must not. */
export const PROJECTS = ['p-1', 'p-2'] as const;
export type Project = (typeof PROJECTS)[number];

/** One maker of requests, in the words of the table. */
export interface Actor {
  readonly role: Role;
  readonly grants: Partial<Record<Project | 'default', GrantRole>>;
  readonly scopes?: readonly string[];
  readonly roleCap?: Role;
  readonly onlyProjects?: readonly string[];
}

/** Everybody who makes every request; `nobody` makes them without an identity. */
export const ACTORS = {
  viewer: { role: 'viewer', grants: {} },
  operator: { role: 'operator', grants: {} },
  admin: { role: 'admin', grants: {} },
  stranger: { role: 'operator', grants: { 'p-1': 'none', default: 'none', 'p-2': 'operator' } },
  guest: { role: 'viewer', grants: { 'p-1': 'none', 'p-2': 'admin' } },
  reader: { role: 'admin', grants: {}, scopes: ['executions:read', 'tasks:decide'] },
  capped: { role: 'viewer', grants: { 'p-1': 'admin' }, roleCap: 'viewer' },
  confined: { role: 'admin', grants: {}, onlyProjects: ['p-2'] },
} as const satisfies Record<string, Actor>;
export type ActorName = keyof typeof ACTORS;

/** What there is in one project. */
export interface Belongings {
  readonly project: Project;
  /** Waits for an answer. */
  readonly execution: string;
  /** Is paused, so it is stuck and can be resumed. */
  readonly paused: string;
  readonly task: string;
  readonly workflow: string;
  readonly digest: string;
  /** With two versions, the first of which is active. */
  readonly program: string;
  readonly canary: string;
  readonly run: string;
  readonly webhook: string;
  readonly webhookRow: Selectable<WebhookTable>;
}

/** Says who makes a request by a header that only this fixture reads. */
export function testPrincipal({ headers }: Pick<Presented, 'headers'>): Principal | undefined {
  const name = headers['x-test-actor'];
  const actor: Actor | undefined = Object.entries(ACTORS).find(([known]) => known === name)?.[1];
  if (actor === undefined) return undefined;
  return {
    ...UNRESTRICTED,
    userId: String(name),
    email: null,
    method: 'api_key',
    role: actor.role,
    projects: new Map(),
    scopes: actor.scopes ?? null,
    credentialId: `key of ${String(name)}`,
    roleCap: actor.roleCap ?? null,
    onlyProjects: actor.onlyProjects === undefined ? null : new Set(actor.onlyProjects),
  };
}

/** Pages without anything in them, so that their routes have an answer. */
const DASHBOARD = {
  page: '<!doctype html>',
  assets: new Map([['page.js', { type: 'text/javascript', bytes: Buffer.from(''), brotli: null, gzip: null, etag: '"0"' }]]),
};

/** A server with both projects, and the grants of the actors. */
export async function openProjects(): Promise<{ server: TestServer; belongings: Record<Project, Belongings> }> {
  const server = await openServer({ principalOf: testPrincipal, dashboard: DASHBOARD });
  for (const [user_id, { grants }] of Object.entries(ACTORS))
    for (const [project_id, role] of Object.entries(grants))
      await server.authorization.grants.put({ user_id, project_id, role, granted_by: 'test' });
  for (const user_id of ['target', ...Object.keys(ACTORS)])
    await server.database
      .insertInto('users')
      .values({ user_id, role: 'viewer', email: null, name: null, created_at: 1, last_seen_at: 1 })
      .execute();
  const belongings = { 'p-1': await fill(server, 'p-1'), 'p-2': await fill(server, 'p-2') };
  return { server, belongings };
}

async function fill(server: TestServer, project: Project): Promise<Belongings> {
  const admin = { 'x-test-actor': 'admin' };
  const workflow = { 'p-1': 'yearly-one', 'p-2': 'yearly-two' }[project];
  const definition = DEFINITIONS.yearly.replace('name: yearly', `name: ${workflow}`);
  await server.register(definition, project);
  const body = { project_id: project, initial_context: { text: `only of ${project}` } };
  const started = executionIn(await server.post('/api/v1/workflows/review/start', body, admin), 201);
  const asks = await untilStatus(server, started.execution_id, 'waiting_clarification', admin);
  const still = executionIn(await server.post('/api/v1/workflows/hold/start', { project_id: project }, admin), 201).execution_id;
  executionIn(await server.post(`/api/v1/executions/${still}/pause`, undefined, admin));
  const lines = `{"input":"${project}","output":"a"}\n{"input":"${project}!","output":"b"}\n`;
  const type = { 'content-type': 'application/x-ndjson' };
  const sent = await server.post(`/api/v1/examples?project_id=${project}`, lines, { ...admin, ...type });
  const program = `program-${project}`;
  for (const id of [program, `${program}-2`])
    await server.programs.store(program, { id, source: 'export function run(x: string): string { return x; }' });
  await server.programs.setActive(program, 1, { record: { id: `first of ${program}` } });
  await server.authorization.resources.claimProgram(program, { projectId: project });
  const seen = { ...admin, 'if-match': '*' };
  const tried = await server.post('/api/v1/validation/programs/canary/start', { new_program_id: `${program}@2` }, seen);
  const { id: canary } = tried.body as { id: string };
  const made = await server.post('/api/v1/runs', { profile: 'phased', intake: 'x', project_id: project }, admin);
  const { run_id: run } = made.body as { run_id: string };
  const hook = { url: 'http://127.0.0.1:9/never', event_types: ['webhook_disabled'], project_id: project };
  const hooked = await server.post('/api/v1/webhooks', hook, admin);
  const { webhook_id: webhook } = hooked.body as { webhook_id: string };
  const stored = server.database.selectFrom('webhooks').selectAll().where('webhook_id', '=', webhook);
  const webhookRow = await stored.executeTakeFirstOrThrow();
  const { digest } = sent.body as { digest: string };
  const execution = asks.execution_id;
  return {
    project,
    execution,
    paused: still,
    task: asks.pending_clarification?.task_id ?? '',
    workflow,
    digest,
    program,
    canary,
    run,
    webhook,
    webhookRow,
  };
}

/** What comes of opening a WebSocket: the status of a refused handshake, or 101 with what closed it or came first. */
export async function openStream(url: string, headers: Record<string, string>): Promise<Answer> {
  const handshake = { connection: 'Upgrade', upgrade: 'websocket', 'sec-websocket-version': '13', 'sec-websocket-key': KEY };
  // The server ends the connection of a refused handshake: another request must not get it.
  const request = httpRequest(url, { agent: false, headers: { ...headers, ...handshake } });
  request.end();
  const answered = Promise.race([once(request, 'upgrade'), once(request, 'response')]);
  const [response, socket, head] = await answered;
  if (response.statusCode !== 101) {
    const chunks: Buffer[] = [];
    for await (const chunk of response) chunks.push(chunk);
    return { status: response.statusCode, headers: new Headers(), body: JSON.parse(Buffer.concat(chunks).toString()) };
  }
  const first: Buffer = head.length > 0 ? head : (await once(socket, 'data'))[0];
  socket.destroy();
  // The first frame: 0x88 closes with a code and a reason, 0x81 is a text.
  const isClose = first[0] === 0x88;
  const body = isClose ? { code: first.readUInt16BE(2), reason: first.subarray(4).toString() } : { code: 0, reason: '' };
  return { status: isClose ? 404 : 101, headers: new Headers(), body };
}

const KEY = Buffer.from('0123456789abcdef').toString('base64');
