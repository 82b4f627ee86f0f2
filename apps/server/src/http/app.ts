import websocket from '@fastify/websocket';
import type { Clock, Random, ServerSetting } from '@loopwright/protocol';
import type { Engine } from '@loopwright/engine';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import { recordRequests } from '../audit/record-requests.ts';
import { Refusals } from '../audit/refusals.ts';
import type { Authorization } from '../authorization/authorization.ts';
import { enforcePermissions } from '../authorization/enforce-permissions.ts';
import { requireRows } from '../authorization/require-rows.ts';
import { validatorCompiler } from 'fastify-type-provider-zod';
import type { Checkpoints } from '../checkpoints/checkpoints.ts';
import type { Rollbacks } from '../checkpoints/rollbacks.ts';
import type { Governance } from '../governance/governance.ts';
import type { DashboardFiles } from '../dashboard/dashboard-files.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { Supervisor } from '../modules/supervisor.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { Identity } from '../identity/identity.ts';
import type { Runs } from '../runs/runs.ts';
import type { Metrics } from '../observability/metrics.ts';
import { observeRequests } from '../observability/observe-requests.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { Rollouts } from '../rollouts/rollouts.ts';
import type { EdgeWalls } from '../programs/edge-walls.ts';
import type { ProgramTasks } from '../programs/program-tasks.ts';
import type { ProgramService } from '../programs/program-service.ts';
import type { OpenWatching } from '../watching/open-watching.ts';
import type { EventStreams } from '../events/event-streams.ts';
import type { MaySee } from '../events/may-see.ts';
import { clientErrors } from './client-errors.ts';
import { closeStreams } from './close-streams.ts';
import { answerError, useErrorFormat } from './error-handler.ts';
import { answerSerializer } from './answer-serializer.ts';
import { apiRoutes, seedRoutes } from './api-routes.ts';
import { describeApi } from './describe-api.ts';
import { honourIdempotencyKeys } from './honour-idempotency-keys.ts';
import { useIdentity } from './identity.ts';
import { replayAfterEnd } from './replay-after-end.ts';
import { useNestingLimit } from './check-nesting.ts';
import { readJsonBodies } from './json-body.ts';
import { checkHeaders, refuseEmptyParts } from './manners/check-headers.ts';
import { useConditionalGet } from './manners/conditional-get.ts';
import { requestIdOf } from './manners/request-id.ts';
import { useRouteConventions } from './manners/route-conventions.ts';
import type { Protection } from './protection/protection.ts';
import { rateLimits } from './protection/rate-limits.ts';
import { SECURITY_HEADERS, useSecurityHeaders } from './protection/security-headers.ts';
import type { KeptResponses } from './kept-responses.ts';
import { browserSessionRoutes } from './routes/browser-session.ts';
import { dashboardRoutes } from './routes/dashboard.ts';
import { signInMethodRoutes } from './routes/sign-in-methods.ts';
import type { ModelAccess } from '../agents/describe-models.ts';
import type { BreakEvenParts } from '../money/break-even.ts';
import { type HealthSource, healthRoutes } from './routes/health.ts';
import { oidcLoginRoutes } from './routes/oidc-login.ts';
import { metricsRoutes } from './routes/metrics.ts';

/** What the HTTP interface serves. */
export interface AppParts {
  readonly engine: Engine;
  /** The server's own tables. */
  readonly database: ServerDatabase;
  /** Who makes a request. */
  readonly identity: Identity;
  readonly authorization: Authorization;
  readonly audit: AuditLog;
  readonly runs: Runs;
  readonly governance: Governance;
  readonly checkpoints: Checkpoints;
  readonly rollbacks: Rollbacks;
  /** The longest that `next` of a run waits for its phase, in milliseconds. */
  readonly runNextWaitMs: number;
  readonly examples: ExampleStore;
  readonly programs: ProgramService;
  readonly rollouts: Rollouts;
  readonly walls: EdgeWalls;
  readonly tasks: ProgramTasks;
  readonly money: BreakEvenParts;
  /** Who says whether models can be asked. */
  readonly models: ModelAccess;
  readonly watching: OpenWatching;
  readonly health: HealthSource;
  /** What the server was started with. */
  readonly settings: readonly ServerSetting[];
  readonly clock: Clock;
  readonly random: Random;
  readonly log: FastifyBaseLogger;
  readonly bodyLimitBytes: number;
  readonly protection: Protection;
  readonly tracing: Tracing;
  readonly metrics: Metrics;
  /** The answers to requests that have an Idempotency-Key. */
  readonly responses: KeptResponses;
  /** The readers of events. */
  readonly streams: EventStreams;
  readonly maySee: MaySee;
  readonly webhooks: Webhooks;
  readonly supervisor: Supervisor;
  /** The pages for people; `null` when they were not built. */
  readonly dashboard: DashboardFiles | null;
}

/** Builds the HTTP interface: one plugin a resource, one error format, the OpenAPI document made from the schemas. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.log,
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']) ?? parts.random.uuid(),
    bodyLimit: parts.bodyLimitBytes,
    logController: new LogController({ disableRequestLogging: true }),
    // Lines name the request and its trace themselves: a logger for each request would cost more than all that most of them say.
    childLoggerFactory: (logger) => logger,
    requestTimeout: parts.protection.requestTimeoutMs,
    // Node looks this often for connections that took too long.
    http: {
      headersTimeout: parts.protection.headersTimeoutMs,
      connectionsCheckingInterval: 1000,
      // `checkHeaders` refuses it, in the one form of errors.
      requireHostHeader: false,
      // A client that could speak something else as well is answered in HTTP/1.1.
      shouldUpgradeCallback: ({ headers }) => headers.upgrade?.toLowerCase() === 'websocket',
    },
    // The schemas have the limits of the parameters; what is longer than the router's would be called a URL that cannot be read.
    routerOptions: { maxParamLength: 16_384 },
    // No hook sees such a request.
    frameworkErrors: (error, request, reply) => answerError(error, request, reply.headers(SECURITY_HEADERS)),
    clientErrorHandler: clientErrors(parts.random),
  });
  app.removeContentTypeParser(['text/plain', 'application/json']);
  readJsonBodies(app, 'application/json');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(answerSerializer);
  useErrorFormat(app);
  app.addHook('preClose', () => parts.streams.close());
  useRouteConventions(app);
  requireRows(app);
  // Before every other hook: a connection whose request one of them refuses is then closed as well.
  await app.register(websocket, {
    options: { maxPayload: 64 * 1024 },
    preClose(done) {
      closeStreams(this.websocketServer, parts.clock, done);
    },
  });
  observeRequests(app, parts);
  app.server.maxConnections = parts.protection.connectionsMax;
  await useSecurityHeaders(app, parts.protection.corsOrigins);
  checkHeaders(app);
  const limits = await rateLimits(app, parts.protection.rates);
  app.addHook('onRequest', limits.checkAddress);
  replayAfterEnd(app, parts.responses, parts.identity.cookies);
  useIdentity(app, parts.identity, parts.protection.corsOrigins);
  refuseEmptyParts(app);
  app.addHook('onRequest', limits.checkCaller);
  enforcePermissions(app, parts.authorization);
  recordRequests(app, { audit: parts.audit, subjects: parts.authorization.subjects, refusals: new Refusals(parts.clock) });
  useNestingLimit(app);
  useConditionalGet(app);
  await describeApi(app);
  await app.register(healthRoutes(parts));
  await app.register(dashboardRoutes(parts));
  await app.register(oidcLoginRoutes(parts));
  await app.register(signInMethodRoutes(parts));
  await app.register(async (login) => {
    honourIdempotencyKeys(login, parts.responses);
    await login.register(browserSessionRoutes(parts));
  });
  await app.register(metricsRoutes(parts.metrics));
  await app.register(apiRoutes(parts), { prefix: '/api/v1' });
  await app.register(seedRoutes(parts));
  return app;
}
