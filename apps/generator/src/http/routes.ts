import { type Clock, PlatformError } from '@loopwright/protocol';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { AgentTable } from '../agent/agent-table.ts';
import type { Executions } from '../executions/executions.ts';
import { checkToken } from './caller.ts';
import { eventRoute } from './event-route.ts';
import { executeRoute } from './execute-route.ts';
import { openApiDocument } from './open-api.ts';
import { readId } from './read-request.ts';
import type { StreamPlaces } from './stream-places.ts';

/** What the routes work with. */
export interface RouteParts {
  readonly agents: AgentTable;
  readonly executions: Executions;
  readonly clock: Clock;
  readonly authToken: string | undefined;
  readonly streams: StreamPlaces;
  /** The state of the sandboxes that are open. */
  readonly sandboxes: () => object;
}

/** The version that `/health` names. */
const VERSION = '0.1.0';

/** The routes, for an announcement. */
export const ENDPOINTS: readonly { path: string; methods: string[] }[] = [
  { path: '/', methods: ['GET'] },
  { path: '/health', methods: ['GET'] },
  { path: '/openapi.json', methods: ['GET'] },
  { path: '/stats', methods: ['GET'] },
  { path: '/execute', methods: ['POST'] },
  { path: '/executions/:id', methods: ['GET'] },
  { path: '/executions/:id/events', methods: ['GET'] },
];

/** Adds the routes of the service. */
export function addRoutes(app: FastifyInstance, parts: RouteParts): void {
  const { agents, executions, authToken } = parts;
  const guarded = { onRequest: async (request: FastifyRequest) => checkToken(request, authToken) };
  const openApi = openApiDocument(VERSION);
  app.get('/', () => ({
    service: 'ptc',
    name: 'Loopwright generation service',
    version: VERSION,
    agents: agents.all.map(({ name, description }) => ({ name, description })),
    endpoints: ENDPOINTS,
  }));
  app.get('/health', () => ({ status: 'healthy', service: 'ptc', version: VERSION }));
  app.get('/openapi.json', () => openApi);
  app.get('/stats', guarded, () => ({
    total_executions: executions.counts.total,
    successful_executions: executions.counts.successful,
    failed_executions: executions.counts.failed,
    timed_out_executions: executions.counts.timed_out,
    shared_executions: executions.counts.shared,
    // The plan cache is the client's: the service has no figures of it.
    cache_hits: 0,
    cache_misses: 0,
    cache_hit_rate: null,
    queued: agents.queued,
    running: agents.running,
    agents: Object.fromEntries(
      agents.all.map((agent) => [agent.name, { queued: agents.turns(agent).queued, running: agents.turns(agent).running }]),
    ),
    sandboxes: parts.sandboxes(),
  }));
  app.post('/execute', guarded, executeRoute(parts));
  app.get('/executions/:id', guarded, async (request, reply) => findExecution(parts, request, reply));
  app.get('/executions/:id/events', guarded, eventRoute(parts));
}

async function findExecution({ executions }: RouteParts, request: FastifyRequest, reply: FastifyReply): Promise<unknown> {
  const id = readId(request);
  if (executions.isUnderWay(id)) {
    const last = executions.log(id)?.last;
    const isWaiting = last === undefined || last.event_type === 'connected';
    const progress = {
      stage: isWaiting ? 'queued' : last.stage,
      progress: last?.progress ?? null,
      message: last?.message ?? null,
    };
    return reply.code(202).send({ execution_id: id, status: isWaiting ? 'QUEUED' : 'RUNNING', progress });
  }
  const result = await executions.find(id);
  if (result === undefined) throw new PlatformError('EXECUTION_NOT_FOUND', `Cannot find the execution "${id}"`);
  return result;
}
