import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import websocket from '@fastify/websocket';
import { type Clock, ERRORS, type Random } from '@loopwright/protocol';
import type { Engine } from '@loopwright/engine';
import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify';
import type { AuditLog } from '../audit/audit-log.ts';
import { recordRequests } from '../audit/record-requests.ts';
import { Refusals } from '../audit/refusals.ts';
import type { Authorization } from '../authorization/authorization.ts';
import { enforcePermissions } from '../authorization/enforce-permissions.ts';
import { requireRows } from '../authorization/require-rows.ts';
import { type FastifyPluginAsyncZod, serializerCompiler, validatorCompiler } from 'fastify-type-provider-zod';
import type { Checkpoints } from '../checkpoints/checkpoints.ts';
import type { Rollbacks } from '../checkpoints/rollbacks.ts';
import type { Governance } from '../governance/governance.ts';
import type { ServerDatabase } from '../database/server-database.ts';
import type { Webhooks } from '../webhooks/webhooks.ts';
import type { ExampleStore } from '../examples/example-store.ts';
import type { Identity } from '../identity/identity.ts';
import type { Runs } from '../runs/runs.ts';
import type { Metrics } from '../observability/metrics.ts';
import { observeRequests } from '../observability/observe-requests.ts';
import type { Tracing } from '../observability/tracing.ts';
import type { ProgramService } from '../programs/program-service.ts';
import type { EventStreams } from '../events/event-streams.ts';
import type { MaySee } from '../events/may-see.ts';
import { clientErrors } from './client-errors.ts';
import { closeStreams } from './close-streams.ts';
import { SECURITY_SCHEMES, describeSchemas } from './describe-schemas.ts';
import { describeWebhooks } from './describe-webhooks.ts';
import { answerError, useErrorFormat } from './error-handler.ts';
import { useIdentity } from './identity.ts';
import { checkNesting } from './check-nesting.ts';
import { honourIdempotencyKeys } from './honour-idempotency-keys.ts';
import { useConditionalGet } from './manners/conditional-get.ts';
import { requestIdOf } from './manners/request-id.ts';
import { useRouteConventions } from './manners/route-conventions.ts';
import { honourQuotas } from './protection/honour-quotas.ts';
import type { Protection } from './protection/protection.ts';
import { rateLimits } from './protection/rate-limits.ts';
import { useSecurityHeaders } from './protection/security-headers.ts';
import { DailyQuotas } from '../quotas/daily-quotas.ts';
import type { KeptResponses } from './kept-responses.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { browserSessionRoutes } from './routes/browser-session.ts';
import type { BreakEvenParts } from '../money/break-even.ts';
import { breakEvenRoutes } from './routes/break-even.ts';
import { cloudEventRoutes } from './routes/cloud-events.ts';
import { diagramRoutes } from './routes/diagrams.ts';
import { eventRoutes } from './routes/events.ts';
import { exampleRoutes } from './routes/examples.ts';
import { executionAnswerRoutes } from './routes/execution-answers.ts';
import { executionControlRoutes } from './routes/execution-control.ts';
import { executionBulkRoutes } from './routes/execution-bulk.ts';
import { executionRestartRoutes } from './routes/execution-restart.ts';
import { executionRoutes } from './routes/executions.ts';
import { type HealthSource, healthRoutes } from './routes/health.ts';
import { humanTaskRoutes } from './routes/human-tasks.ts';
import { auditRoutes } from './routes/audit.ts';
import { meRoutes } from './routes/me.ts';
import { oidcLoginRoutes } from './routes/oidc-login.ts';
import { metricsRoutes } from './routes/metrics.ts';
import { programAliasRoutes } from './routes/program-aliases.ts';
import { programRoutes } from './routes/programs.ts';
import { projectRoutes } from './routes/projects.ts';
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.ts';
import { oneWebhookRoutes, webhookRoutes } from './routes/webhooks.ts';
import { workflowVersionRoutes } from './routes/workflow-versions.ts';
import { type RunFace, useSeedManner } from './routes/run-schemas.ts';
import { policyRoutes } from './routes/policies.ts';
import { runCheckpointRoutes } from './routes/runs-checkpoints.ts';
import { runGovernanceRoutes } from './routes/runs-governance.ts';
import { runArtifactRoutes } from './routes/runs-artifacts.ts';
import { runControlRoutes } from './routes/runs-control.ts';
import { runStreamRoutes } from './routes/runs-stream.ts';
import { runRoutes } from './routes/runs.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { userRoutes } from './routes/users.ts';
import { workflowRoutes } from './routes/workflows.ts';

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
  readonly money: BreakEvenParts;
  readonly health: HealthSource;
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
}

/** Everything below `/runs`. */
function everyRunRoute(parts: AppParts, face: RunFace): FastifyPluginAsyncZod {
  return async (api) => {
    await api.register(runRoutes(parts, face));
    await api.register(runControlRoutes(parts));
    await api.register(runArtifactRoutes(parts));
    await api.register(runGovernanceRoutes(parts));
    await api.register(runCheckpointRoutes(parts));
    await api.register(runStreamRoutes(parts));
  };
}

/** Everything below `/api/v1`. */
function everyRoute(parts: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    honourIdempotencyKeys(api, parts.responses);
    honourQuotas(api, new DailyQuotas({ ...parts, limits: parts.protection.quotas }));
    await api.register(workflowRoutes(parts));
    await api.register(scheduleRoutes(parts));
    await api.register(executionRoutes(parts));
    await api.register(executionControlRoutes(parts));
    await api.register(executionAnswerRoutes(parts));
    await api.register(executionRestartRoutes(parts));
    await api.register(executionBulkRoutes(parts));
    await api.register(workflowVersionRoutes(parts));
    await api.register(diagramRoutes(parts));
    await api.register(humanTaskRoutes(parts));
    await api.register(exampleRoutes(parts));
    await api.register(programRoutes(parts));
    await api.register(breakEvenRoutes(parts));
    await api.register(programAliasRoutes(parts));
    await api.register(cloudEventRoutes(parts));
    await api.register(eventRoutes(parts));
    await api.register(userRoutes(parts.authorization));
    await api.register(projectRoutes({ ...parts.authorization, engine: parts.engine }));
    await api.register(auditRoutes(parts));
    await api.register(meRoutes(parts));
    await api.register(apiKeyRoutes(parts));
    await api.register(policyRoutes(parts));
    await api.register(everyRunRoute(parts, 'api'));
    await api.register(webhookRoutes(parts));
    await api.register(oneWebhookRoutes(parts));
    await api.register(webhookDeliveryRoutes(parts));
  };
}

/** Builds the HTTP interface: one plugin a resource, one error format, the OpenAPI document made from the schemas. */
export async function createApp(parts: AppParts): Promise<FastifyInstance> {
  const app = Fastify({
    loggerInstance: parts.log,
    genReqId: ({ headers }) => requestIdOf(headers['x-request-id']) ?? parts.random.uuid(),
    bodyLimit: parts.bodyLimitBytes,
    logController: new LogController({ disableRequestLogging: true }),
    requestTimeout: parts.protection.requestTimeoutMs,
    // Node looks this often for connections that took too long.
    http: { headersTimeout: parts.protection.headersTimeoutMs, connectionsCheckingInterval: 1000 },
    // The schemas have the limits of the parameters; those of the router would hide them behind NOT_FOUND.
    routerOptions: { maxParamLength: 1000 },
    frameworkErrors: answerError,
    clientErrorHandler: clientErrors(parts.random),
  });
  app.removeContentTypeParser('text/plain');
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
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
  const limits = await rateLimits(app, parts.protection.rates);
  app.addHook('onRequest', limits.checkAddress);
  useIdentity(app, parts.identity);
  app.addHook('onRequest', limits.checkCaller);
  enforcePermissions(app, parts.authorization);
  recordRequests(app, { audit: parts.audit, subjects: parts.authorization.subjects, refusals: new Refusals(parts.clock) });
  app.addHook('preValidation', async ({ body }) => checkNesting(body));
  app.addHook('onSend', async (request, reply) => void reply.header('x-request-id', request.id));
  useConditionalGet(app);
  await app.register(swagger, {
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Loopwright', version: '0.1.0', description: 'From labelled examples to a served program' },
      components: { securitySchemes: SECURITY_SCHEMES },
      security: [{ bearer: [] }, { session: [] }],
      webhooks: describeWebhooks(),
    },
    ...describeSchemas(),
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
  app.get('/redoc', { schema: { hide: true } }, async (_request, reply) => reply.redirect('/docs', 308));
  // The document does not change once all routes are there.
  let document: object | undefined;
  app.get(
    '/openapi.json',
    { schema: { hide: true } },
    async () => (document ??= { ...app.swagger(), 'x-error-catalogue': ERRORS }),
  );
  await app.register(healthRoutes(parts));
  await app.register(oidcLoginRoutes(parts));
  await app.register(browserSessionRoutes(parts));
  await app.register(metricsRoutes(parts.metrics));
  await app.register(everyRoute(parts), { prefix: '/api/v1' });
  await app.register(async (api) => {
    honourIdempotencyKeys(api, parts.responses);
    useSeedManner(api);
    await api.register(everyRunRoute(parts, 'seed'));
  });
  return app;
}
