import { digestOf } from '@loopwright/engine';
import { type Json, PlatformError, toJson } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { ObjectKind, Recorded, Rule } from '../authorization/rule.ts';
import type { Subjects } from '../authorization/subjects.ts';
import type { Principal } from '../identity/principal.ts';
import type { AuditFacts, AuditLog } from './audit-log.ts';
import type { AuditTable } from './audit-table.ts';
import { fieldsOf, recordable } from './recordable.ts';
import type { Refusals, Refused } from './refusals.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** The entry that says that the change of this request is about to be made; `null` for what changes nothing. */
    intent: AuditTable | null;
    /** How somebody tried to prove who they are, and why nobody is known; `null` for who did not try or is known. */
    refusedProof: RefusedProof | null;
  }
}

/** A credential that was shown and is not good. Nothing of it that is secret. */
interface RefusedProof {
  readonly method: string;
  /** The id of the credential, where what was shown names one. */
  readonly credentialId: string | null;
  readonly reason: string;
  /** The identity provider that was asked. */
  readonly provider?: string;
}

/** What requests are recorded with. */
export interface RecordingParts {
  readonly audit: AuditLog;
  readonly subjects: Subjects;
  readonly refusals: Refusals;
}

/** The longest answer that is read for what it says of the change, in characters. */
const ANSWER_CHARACTERS = 1024 * 1024;
/** The longest reason of a refusal; some of it may come from a provider. */
const REASON_CHARACTERS = 300;
const READING: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS']);

/**
 * Writes who changes what. An entry stands on disk before the handler of a change begins, and another before its answer leaves: a change that was
 * acknowledged has both, one that was cut off by a crash has the first. When the log cannot be written, the answer is 503 AUDIT_FAILED; before
 * the handler nothing was changed then. Register it behind the permissions: what is refused changes nothing, and is recorded as refused.
 */
export function recordRequests(app: FastifyInstance, parts: RecordingParts): void {
  const { audit, refusals } = parts;
  app.decorateRequest('intent', null);
  app.decorateRequest('refusedProof', null);
  app.addHook('preHandler', (request, _reply, done) => {
    const rule = changeOf(request);
    // Whoever is not known cannot make the log grow by a request that leads to nothing.
    return rule === undefined || rule.need === 'nothing' ? done() : recordIntent(parts, request, rule);
  });

  app.addHook('onSend', (request, reply, payload, done) => {
    const summary = refusals.due();
    const { intent } = request;
    const rule = changeOf(request);
    // An error that this very write ends with is the answer then, and comes here as well.
    request.intent = null;
    const isPublicChange = rule?.need === 'nothing' && reply.statusCode < 300;
    const isChange = intent !== null || isPublicChange;
    // A browser whose login is refused is sent to the page that says so.
    const isRefused = reply.statusCode === 401 || reply.statusCode === 403 || request.refusedProof !== null;
    if (summary === undefined && !isChange && !isRefused) return done();
    const record = async (): Promise<unknown> => {
      if (summary !== undefined) await audit.append(summary).catch(unwritten(request));
      if (isChange) await recordOutcome(parts, { request, reply, payload, rule, intent });
      else if (isRefused && refusals.admit(callerOf(request)))
        await audit
          .append({ ...factsOf(request), kind: 'refused', status: reply.statusCode, after: refusalIn(request, payload) })
          .catch(unwritten(request));
      return payload;
    };
    return record();
  });

  app.addHook('onClose', async () => {
    const rest = refusals.rest();
    if (rest !== undefined) await audit.append(rest).catch((error: unknown) => app.log.error({ err: error }));
    await audit.settled();
  });
}

/** A refusal that cannot be recorded stays a refusal. */
function unwritten({ log, id }: FastifyRequest): (error: unknown) => void {
  return (error) => log.error({ err: error, request_id: id }, 'Cannot record a refusal');
}

async function recordIntent({ audit, subjects }: RecordingParts, request: FastifyRequest, rule: Rule): Promise<void> {
  const before = await stateOf(subjects, request, rule);
  const facts: AuditFacts = { ...factsOf(request), kind: 'intent', before: recordable(before) };
  request.intent = await audit.append(facts).catch((error: unknown) => {
    throw failed(error, 'not made');
  });
}

interface Answered {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly payload: unknown;
  readonly rule: Rule | undefined;
  readonly intent: AuditTable | null;
}

async function recordOutcome({ audit, subjects }: RecordingParts, answered: Answered): Promise<void> {
  const { request, reply, payload, rule, intent } = answered;
  const { statusCode: status } = reply;
  const changed = status < 300;
  const answer = changed ? fieldsOf(parsed(payload), rule?.records?.answered) : {};
  const said = { ...fieldsOf(request.body, rule?.records?.asked), ...answer };
  const state = changed ? await stateOf(subjects, request, rule) : null;
  const after = {
    ...(state === null ? {} : { state }),
    ...(Object.keys(said).length === 0 ? {} : { said }),
    ...(changed ? {} : fieldsOf(parsed(payload), ['error_code'])),
    ...(reply.hasHeader('idempotent-replayed') ? { replayed: true } : {}),
  };
  const { before = null, seq: intent_seq = null, ...rest } = intent ?? {};
  const facts = intent === null ? factsOf(request) : knownOf(rest as AuditTable);
  await audit
    .append({ ...facts, kind: 'outcome', intent_seq, before, after: recordable(after), status })
    .catch((cause: unknown) => {
      throw failed(cause, status >= 500 ? 'perhaps made' : changed ? 'made' : 'not made');
    });
}

/** The rule of a request that changes something. */
function changeOf({ method, routeOptions }: FastifyRequest): Rule | undefined {
  const rule = routeOptions.config.permission?.rule;
  return READING.has(method) || rule?.audited === false ? undefined : rule;
}

/** What an entry says of a request, whatever it tells. */
export function factsOf(request: FastifyRequest): Omit<AuditFacts, 'kind'> {
  const principal: Principal | undefined = request.principal;
  const { refusedProof } = request;
  const { body, headers, routeOptions } = request;
  const operation = routeOptions.config.permission?.operation ?? `${request.method} ?`;
  const subject: FastifyRequest['subject'] | undefined = request.subject;
  const { kind, id } = objectOf(request);
  return {
    user_id: principal?.userId ?? null,
    method: principal?.method ?? refusedProof?.method ?? null,
    credential_id: principal?.credentialId ?? refusedProof?.credentialId ?? null,
    address: request.ip,
    user_agent: headers['user-agent']?.slice(0, 300) ?? null,
    request_id: request.id,
    operation,
    object_kind: kind,
    object_id: id,
    project_id: subject?.projectId ?? null,
    seen_digest: seenIn(request),
    body_digest: isJsonBody(body) ? digestOf(toJson(body)) : null,
  };
}

function knownOf({ id: _id, at: _at, previous_digest: _previous, digest: _digest, ...facts }: AuditTable): AuditFacts {
  return facts;
}

/** What a request changes: an object of the table of its own, or the one that it is about. */
function stateKindOf(request: FastifyRequest): { kind: ObjectKind | NonNullable<Recorded['object']> | null; id: string | null } {
  const kind = request.routeOptions.config.permission?.rule.records?.object;
  const subject: FastifyRequest['subject'] | undefined = request.subject;
  if (kind === undefined) return { kind: subject?.kind ?? null, id: subject?.id ?? null };
  const { project_id: projectId = '', user_id: userId = '' } = request.params as Readonly<Record<string, string>>;
  return { kind, id: kind === 'grant' ? `${projectId}/${userId}` : userId };
}

/** What an entry names: that object, or else what the last parameter of the path does: `{key_id}` is a `key`. */
function objectOf(request: FastifyRequest): { kind: string | null; id: string | null } {
  const { kind, id } = stateKindOf(request);
  if (kind !== null) return { kind, id };
  const [name, value] = Object.entries((request.params ?? {}) as Readonly<Record<string, string>>).at(-1) ?? [];
  return name === undefined || value === undefined ? { kind, id } : { kind: name.replace(/_id$/, ''), id: value.slice(0, 500) };
}

async function stateOf(subjects: Subjects, request: FastifyRequest, rule: Rule | undefined): Promise<Json> {
  const { kind, id } = stateKindOf(request);
  return rule === undefined || kind === null || id === null ? null : subjects.stateOf(kind, id);
}

/** What the caller had before his eyes, as far as he says it. */
function seenIn({ body, headers }: FastifyRequest): string | null {
  const digest = fieldsOf(body, ['subject_digest'])['subject_digest'] ?? headers['if-match'];
  return typeof digest === 'string' ? digest.slice(0, 200) : null;
}

function isJsonBody(body: unknown): boolean {
  return body !== null && typeof body === 'object' && (Array.isArray(body) || Object.getPrototypeOf(body) === Object.prototype);
}

function parsed(payload: unknown): unknown {
  if (typeof payload !== 'string' || payload.length > ANSWER_CHARACTERS) return null;
  try {
    return JSON.parse(payload);
  } catch {
    return null;
  }
}

function callerOf({ principal, ip }: { principal: Principal | undefined; ip: string }): Refused {
  return { userId: principal?.userId ?? null, address: ip };
}

/** What was answered, and why nobody is known. */
function refusalIn({ refusedProof }: FastifyRequest, payload: unknown): string | null {
  const { reason, provider } = refusedProof ?? {};
  const why = {
    ...(reason === undefined ? {} : { reason: reason.slice(0, REASON_CHARACTERS) }),
    ...(provider === undefined ? {} : { provider }),
  };
  return recordable({ ...fieldsOf(parsed(payload), ['error_code']), ...why });
}

function failed(cause: unknown, change: 'made' | 'not made' | 'perhaps made'): PlatformError {
  const message = `Cannot answer: the audit log cannot be written, and the change was ${change}`;
  return new PlatformError('AUDIT_FAILED', message, { details: { change }, cause });
}
