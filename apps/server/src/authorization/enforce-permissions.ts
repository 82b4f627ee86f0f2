import { PlatformError } from '@loopwright/protocol';
import type { FastifyInstance, FastifyRequest } from 'fastify';
import { type Principal, UNRESTRICTED } from '../identity/principal.ts';
import { Access, EVERY_PROJECT, type ProjectAccess } from './access.ts';
import type { Grants } from './grants.ts';
import type { ObjectKind, ProjectField, Rule } from './rule.ts';
import type { Subjects } from './subjects.ts';

declare module 'fastify' {
  interface FastifyRequest {
    /** What the caller may; of an operation that is public: nothing. */
    access: Access;
    /** What the request is about, once it was looked up. */
    subject: { readonly kind: ObjectKind | null; readonly id: string | null; readonly projectId: string | null };
  }
}

const NOBODY: Principal = {
  ...UNRESTRICTED,
  userId: '',
  email: null,
  method: 'development',
  role: 'viewer',
  projects: new Map(),
  scopes: [],
  credentialId: null,
};
const NO_SUBJECT = { kind: null, id: null, projectId: null };

/**
 * Lets the table decide about every request of the routes that are registered from now on, before its handler: 401 for whoever is not known where
 * somebody must be, 404 for an object that the caller does not see, exactly as for one that is not there, and 403 for what is seen and not allowed.
 * The same for a WebSocket, whose 404 comes as a close, because browsers show their pages no answer to a handshake.
 */
export function enforcePermissions(
  app: FastifyInstance,
  { subjects, grants, projectAccess }: { subjects: Subjects; grants: Grants; projectAccess: ProjectAccess },
): void {
  app.decorateRequest('access');
  app.decorateRequest('subject');
  app.addHook('preHandler', (request, _reply, done) => {
    request.subject = NO_SUBJECT;
    const known: Principal | undefined = request.principal;
    request.access = new Access(known ?? NOBODY, known === undefined ? new Map() : grants.of(known.userId), projectAccess);
    if (request.is404 || request.method === 'OPTIONS') return done();
    const row = request.routeOptions.config.permission;
    // Registered around the hook, which nothing should be: it stays shut.
    if (row === undefined) throw forbidden(request.method);
    if (row.rule.need === 'nothing') return done();
    if (known === undefined) throw new PlatformError('UNAUTHORIZED', 'Cannot tell who makes the request: it has no credentials');
    const settle = (missing: PlatformError | undefined): void => {
      if (missing === undefined) decideAlso(request, row);
      else if (request.ws) request.refusedStream = missing;
      else throw missing;
    };
    const decision = decide(request, { ...row, subjects });
    if (decision instanceof Promise) return decision.then(settle);
    settle(decision);
    return done();
  });
}

/** Throws where a request names a second project in which it is not allowed. */
function decideAlso(request: FastifyRequest, { operation, rule }: { operation: string; rule: Rule }): void {
  if (rule.need === 'nothing' || rule.need === 'identity' || rule.also === undefined) return;
  const projectId = namedIn(request, rule.also);
  if (typeof projectId === 'string' && !request.access.mayIn(projectId, rule.need)) throw forbidden(operation);
}

/** Throws what is not allowed; gives what is said of an object that is not there for the caller. What is in memory or in the engine is decided at once. */
function decide(
  request: FastifyRequest,
  { operation, rule, subjects }: { operation: string; rule: Rule; subjects: Subjects },
): PlatformError | undefined | Promise<PlatformError | undefined> {
  if (rule.need === 'nothing' || rule.need === 'identity') return undefined;
  const { access } = request;
  const { need, on } = rule;
  switch (on) {
    case 'platform':
      if (!access.mayOnPlatform(need)) throw forbidden(operation);
      return undefined;
    case 'anywhere':
      if (!access.mayAnywhere(need)) throw forbidden(operation);
      return undefined;
    case 'body.project_id':
    case 'query.project_id':
    case 'path.project_id': {
      const projectId = fieldOf(request, on);
      request.subject = { ...NO_SUBJECT, projectId };
      if (!access.mayIn(projectId, need)) throw forbidden(operation);
      return undefined;
    }
    case 'execution':
    case 'task':
    case 'schedule':
    case 'examples':
    case 'program':
    case 'program_version':
    case 'canary':
    case 'run':
    case 'webhook': {
      const id = subjects.idOf(on, request);
      const weigh = (projects: readonly string[]): PlatformError | undefined => {
        const seen = projects.filter((project) => access.sees(project));
        const allowed = seen.find((project) => access.mayIn(project, need));
        request.subject = { kind: on, id, projectId: allowed ?? seen[0] ?? projects[0] ?? null };
        if (seen.length === 0) return subjects.missing(on, id);
        if (allowed === undefined) throw forbidden(operation);
        return undefined;
      };
      const projects = subjects.projectsOf(on, id);
      return projects instanceof Promise ? projects.then(weigh) : weigh(projects);
    }
  }
}

/** The project that a request names, after the route's schema has checked it. */
function fieldOf(request: FastifyRequest, field: ProjectField): string {
  const projectId = namedIn(request, field);
  if (typeof projectId === 'string') return projectId;
  if (projectId === null) return EVERY_PROJECT;
  throw new PlatformError('VALIDATION_ERROR', `Cannot take the request: ${field.replace('.', '/')} is missing`);
}

function namedIn({ body, query, params }: FastifyRequest, field: ProjectField): unknown {
  const from = { 'body.project_id': body, 'query.project_id': query, 'path.project_id': params }[field];
  return (from as { project_id?: unknown } | null | undefined)?.project_id;
}

function forbidden(operation: string): PlatformError {
  return new PlatformError('FORBIDDEN', `Cannot allow this: the caller lacks the permission for ${operation}`);
}
