import type { Rule } from './rule.ts';

const PUBLIC: Rule = { need: 'nothing' };
const CONTROL: Rule = { need: 'executions:write', on: 'execution' };
const HOOK: Rule = { need: 'webhooks:write', on: 'webhook' };
const VALIDATION: Rule = { need: 'tasks:decide', on: 'program' };
const BEGUN: Rule = { ...CONTROL, records: { asked: ['from'], answered: ['execution_id'] } };
const DECISION = { asked: ['accepted', 'comment', 'answers', 'task_id', 'step_id'] };

const PROMOTION: Rule = { need: 'programs:promote', on: 'program' };
const MOVE_BACK: Rule = { ...PROMOTION, records: { asked: ['reason'], answered: ['alias', 'version'] } };
const ROLLOUT: Rule = {
  ...PROMOTION,
  records: {
    asked: ['reason', 'candidate', 'alias', 'mode', 'stages', 'comment'],
    answered: ['rollout_id', 'status', 'current_percentage'],
  },
};

const CANARY: Rule = {
  need: 'programs:promote',
  on: 'canary',
  records: { asked: ['reason'], answered: ['id', 'status', 'current_percentage'] },
};
const READ_VERSION: Rule = { need: 'programs:read', on: 'program_version' };

const READ_RUN: Rule = { need: 'executions:read', on: 'run' };
const MODULE: Rule = {
  need: 'modules:admin',
  on: 'platform',
  records: { asked: ['reason'], answered: ['name', 'status', 'pid'] },
};
const MODULE_LIST: Rule = {
  need: 'modules:admin',
  on: 'platform',
  records: { asked: ['reason'], answered: ['started', 'replaced', 'stopped'] },
};
const RUN: Rule = { need: 'executions:write', on: 'run' };
const CREATED = { asked: ['profile', 'project_id', 'mode'], answered: ['run_id', 'status'] };

/** Runs, which are executions of phased workflows: under `/runs` as `seeds/001` has them, and under `/api/v1`. */
const RUNS: Readonly<Record<string, Rule>> = {
  'GET /runs': { need: 'executions:read', on: 'anywhere' },
  'POST /runs': { need: 'executions:write', on: 'body.project_id', records: CREATED },
  'POST /runs/bulk': {
    need: 'executions:write',
    on: 'anywhere',
    records: { asked: ['action', 'filter', 'reason'], answered: ['action', 'count', 'done', 'failed'] },
  },
  'GET /runs/{run_id}': READ_RUN,
  'GET /runs/{run_id}/artifacts': READ_RUN,
  'GET /runs/{run_id}/artifacts/{artifact_id}/download': READ_RUN,
  'GET /runs/{run_id}/checkpoints': READ_RUN,
  'GET /runs/{run_id}/checkpoints/compare': READ_RUN,
  'GET /runs/{run_id}/checkpoints/{checkpoint_id}': READ_RUN,
  'GET /runs/{run_id}/files/{phase}/{name}': READ_RUN,
  'GET /runs/{run_id}/governance': READ_RUN,
  'GET /runs/{run_id}/metrics': READ_RUN,
  'GET /runs/{run_id}/rollbacks': READ_RUN,
  'GET /runs/{run_id}/stream': READ_RUN,
  'GET /runs/{run_id}/why': READ_RUN,
  'POST /runs/{run_id}/cancel': { ...RUN, records: { asked: ['reason'] } },
  'POST /runs/{run_id}/checkpoints/{checkpoint_id}/rollback': { ...RUN, records: { asked: ['reason'] } },
  'POST /runs/{run_id}/clone': { need: 'executions:write', on: 'run', also: 'body.project_id', records: CREATED },
  'POST /runs/{run_id}/next': { ...RUN, records: { asked: ['skip_validation'], answered: ['phase', 'status'] } },
  'POST /runs/{run_id}/pause': RUN,
  'POST /runs/{run_id}/resume': RUN,
  'POST /runs/{run_id}/retry': RUN,
};

/**
 * The one table: every operation of the server, `METHOD /path` as in the OpenAPI document (`WS` for a WebSocket, a last part `*` for all below it),
 * and who may it. A route that has no row keeps the server from starting, and so does a row without a route.
 */
export const OPERATIONS: Readonly<Record<string, Rule>> = {
  'GET /health': PUBLIC,
  'GET /ready': PUBLIC,
  // How much there is of everything, of all projects together.
  'GET /metrics': { need: 'metrics:read', on: 'platform' },
  'GET /openapi.json': PUBLIC,
  'GET /docs/*': PUBLIC,
  'GET /redoc': PUBLIC,

  // Pages without data; what they show they ask for as whoever has signed in.
  'GET /': PUBLIC,
  'GET /assets/{file}': PUBLIC,
  'GET /sign-in': PUBLIC,
  'GET /orchestrator/*': PUBLIC,
  'GET /inbox/*': PUBLIC,
  'GET /programs/*': PUBLIC,
  'GET /new-run/*': PUBLIC,
  'GET /modules/*': PUBLIC,
  'GET /settings/*': PUBLIC,
  'GET /api-docs': PUBLIC,

  'GET /api/v1/workflows': { need: 'workflows:read', on: 'platform' },
  'GET /api/v1/workflows/{workflow_id}': { need: 'workflows:read', on: 'platform' },
  'GET /api/v1/workflows/{workflow_id}/diagram': { need: 'workflows:read', on: 'platform' },
  'GET /api/v1/workflows/{workflow_id}/versions': { need: 'workflows:read', on: 'platform' },
  'POST /api/v1/workflows/{workflow_id}/schedule/pause': { need: 'schedules:write', on: 'schedule' },
  'POST /api/v1/workflows/{workflow_id}/schedule/resume': { need: 'schedules:write', on: 'schedule' },
  'POST /api/v1/workflows/{workflow_id}/start': {
    need: 'executions:write',
    on: 'body.project_id',
    records: { asked: ['budgets', 'priority'], answered: ['execution_id', 'workflow_id'] },
  },

  'GET /api/v1/executions': { need: 'executions:read', on: 'anywhere' },
  'GET /api/v1/executions/stuck': { need: 'executions:read', on: 'anywhere' },
  'POST /api/v1/executions/bulk': {
    need: 'executions:write',
    on: 'anywhere',
    records: { asked: ['action', 'filter', 'reason'], answered: ['action', 'count', 'done', 'failed'] },
  },
  'GET /api/v1/executions/{execution_id}': { need: 'executions:read', on: 'execution' },
  'GET /api/v1/executions/{execution_id}/diagram': { need: 'executions:read', on: 'execution' },
  'GET /api/v1/executions/{execution_id}/waits': { need: 'executions:read', on: 'execution' },
  'GET /api/v1/executions/{execution_id}/why': { need: 'executions:read', on: 'execution' },
  'WS /api/v1/ws/executions/{execution_id}': { need: 'executions:read', on: 'execution' },
  'GET /api/v1/executions/{execution_id}/events': { need: 'executions:read', on: 'execution' },
  'POST /api/v1/executions/{execution_id}/acceptance': { need: 'tasks:decide', on: 'execution', records: DECISION },
  'POST /api/v1/executions/{execution_id}/clarification': { need: 'tasks:decide', on: 'execution', records: DECISION },
  'POST /api/v1/executions/{execution_id}/cancel': { ...CONTROL, records: { asked: ['reason'] } },
  'POST /api/v1/executions/{execution_id}/pause': CONTROL,
  'POST /api/v1/executions/{execution_id}/resume': CONTROL,
  'POST /api/v1/executions/{execution_id}/budget': { ...CONTROL, records: { asked: ['add'] } },
  'POST /api/v1/executions/{execution_id}/move': { ...CONTROL, records: { asked: ['definition_digest', 'dry_run'] } },
  'POST /api/v1/executions/{execution_id}/restart': BEGUN,
  'POST /api/v1/executions/{execution_id}/retry': BEGUN,

  'GET /api/v1/tasks': { need: 'tasks:read', on: 'anywhere' },
  'GET /api/v1/tasks/{task_id}': { need: 'tasks:read', on: 'task' },
  'GET /api/v1/tasks/{task_id}/context': { need: 'tasks:read', on: 'task' },
  'GET /api/v1/inbox': { need: 'tasks:read', on: 'anywhere' },
  'GET /api/v1/inbox/count': { need: 'tasks:read', on: 'anywhere' },
  'POST /api/v1/tasks/{task_id}/answer': {
    need: 'tasks:decide',
    on: 'task',
    records: { asked: [...DECISION.asked, 'override_reason'] },
  },

  'POST /api/v1/examples': { need: 'examples:write', on: 'query.project_id', records: { answered: ['digest', 'count'] } },
  'GET /api/v1/profiles': { need: 'workflows:read', on: 'platform' },
  'GET /api/v1/model-providers': { need: 'workflows:read', on: 'platform' },
  'GET /api/v1/profiles/{profile}/estimate': { need: 'executions:read', on: 'query.project_id' },
  'GET /api/v1/examples/{digest}': { need: 'examples:read', on: 'examples' },
  'GET /api/v1/examples/{digest}/facts': { need: 'examples:read', on: 'examples' },
  'GET /api/v1/examples/{digest}/lines': { need: 'examples:read', on: 'examples' },

  'GET /api/v1/programs': { need: 'programs:read', on: 'anywhere' },
  'GET /api/v1/programs/{name}': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/aliases': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/aliases/{alias}': { need: 'programs:read', on: 'program' },
  // By hand, past the question that people would have been asked.
  'DELETE /api/v1/programs/{name}/aliases/{alias}': { ...PROMOTION, records: { answered: ['alias', 'version'] } },
  'POST /api/v1/programs/{name}/aliases/{alias}/rollback': MOVE_BACK,
  'PUT /api/v1/programs/{name}/aliases/{alias}': {
    ...PROMOTION,
    records: { asked: ['version', 'comment'], answered: ['alias', 'version'] },
  },
  'GET /api/v1/programs/{name}/analytics': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/analytics/range': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/analytics/export': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/break-even': { need: 'programs:read', on: 'program' },
  // It runs the program on inputs that were logged, and shows some of them.
  'POST /api/v1/programs/{name}/diffs': {
    need: 'programs:execute',
    on: 'program',
    records: { asked: ['candidate', 'incumbent', 'last'], answered: ['diff_id', 'digest'] },
  },
  'GET /api/v1/programs/{name}/versions/{version}/bundle': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/versions/{version}/diffs': { need: 'programs:read', on: 'program' },
  'POST /api/v1/programs/{name}/rollback': MOVE_BACK,
  'GET /api/v1/programs/{name}/rollouts': { need: 'programs:read', on: 'program' },
  'POST /api/v1/programs/{name}/rollouts': ROLLOUT,
  'GET /api/v1/programs/{name}/rollouts/{rollout_id}': { need: 'programs:read', on: 'program' },
  'POST /api/v1/programs/{name}/rollouts/{rollout_id}/advance': ROLLOUT,
  'POST /api/v1/programs/{name}/rollouts/{rollout_id}/pause': ROLLOUT,
  'POST /api/v1/programs/{name}/rollouts/{rollout_id}/promote': ROLLOUT,
  'POST /api/v1/programs/{name}/rollouts/{rollout_id}/resume': ROLLOUT,
  'POST /api/v1/programs/{name}/rollouts/{rollout_id}/rollback': ROLLOUT,
  'GET /api/v1/programs/{name}/timeline': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/drift': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/promotions': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/repairs': { need: 'programs:read', on: 'program' },
  // Executions and samples are inputs that people sent.
  'GET /api/v1/programs/{name}/executions/export': { need: 'tasks:read', on: 'program' },
  // It shows them too, and takes a processor for a while.
  'POST /api/v1/programs/{name}/executions/query': { need: 'programs:execute', on: 'program', audited: false },
  'GET /api/v1/programs/{name}/samples': { need: 'tasks:read', on: 'program' },
  'GET /api/v1/programs/{name}/samples/{sample_id}': { need: 'tasks:read', on: 'program' },
  'POST /api/v1/programs/{name}/samples/rate': { ...VALIDATION, records: { answered: ['rated', 'cost_usd'] } },
  'POST /api/v1/programs/{name}/samples/claim': { ...VALIDATION, records: { asked: ['sample_id'] } },
  'POST /api/v1/programs/{name}/samples/{sample_id}/answer': { ...VALIDATION, records: { answered: ['sample_id', 'state'] } },
  'POST /api/v1/programs/{name}/samples/{sample_id}/ask': { ...VALIDATION, records: { answered: ['sample_id', 'state'] } },
  'POST /api/v1/programs/{name}/samples/{sample_id}/skip': { ...VALIDATION, records: { answered: ['sample_id', 'state'] } },
  'GET /api/v1/programs/{name}/validation': { need: 'programs:read', on: 'program' },
  'GET /api/v1/programs/{name}/versions': { need: 'programs:read', on: 'program' },
  // It answers a question and changes nothing; the edge logs every run.
  'POST /api/v1/programs/{name}/execute': { need: 'programs:execute', on: 'program', audited: false },

  // The source's later API: a task is a program, and the id of a program that of a version.
  'POST /api/v1/tasks': {
    need: 'executions:write',
    on: 'body.project_id',
    records: { asked: ['name', 'project_id'], answered: ['id', 'examples_digest'] },
  },
  'GET /api/v1/programs/{name}/task': { need: 'programs:read', on: 'program' },
  'POST /api/v1/tasks/{name}/execute': { need: 'programs:execute', on: 'program', audited: false },
  'GET /api/v1/tasks/{name}/artifacts': { need: 'programs:read', on: 'program' },
  'GET /api/v1/tasks/{name}/artifacts/{version}': { need: 'programs:read', on: 'program' },
  'POST /api/v1/batch/execute': { need: 'programs:execute', on: 'program', audited: false },
  // It may cost what the model takes, and shows nothing that the caller did not send.
  'POST /api/v1/batch/validate': { need: 'programs:execute', on: 'program', audited: false },
  'GET /api/v1/validation/programs/{program_id}/summary': READ_VERSION,
  // It shows outputs of samples.
  'GET /api/v1/validation/programs/{program_id}/recommendations': { need: 'tasks:read', on: 'program_version' },
  'POST /api/v1/validation/programs/{program_id}/improve': {
    need: 'executions:write',
    on: 'program_version',
    records: { asked: ['reason'], answered: ['repair_id'] },
  },
  'POST /api/v1/validation/programs/compare': { ...READ_VERSION, audited: false },
  'POST /api/v1/validation/programs/canary/start': {
    need: 'programs:promote',
    on: 'program_version',
    records: {
      asked: ['new_program_id', 'current_program_id', 'stages', 'comment'],
      answered: ['id', 'status', 'current_percentage'],
    },
  },
  'POST /api/v1/validation/programs/canary/{canary_id}/progress': CANARY,
  'POST /api/v1/validation/programs/canary/{canary_id}/rollback': CANARY,
  'GET /api/v1/validation/tasks/{name}/canary': { need: 'programs:read', on: 'program' },

  'GET /api/v1/events': { need: 'executions:read', on: 'anywhere' },
  'WS /api/v1/ws/events': { need: 'executions:read', on: 'anywhere' },
  'POST /api/v1/events': {
    need: 'events:publish',
    on: 'anywhere',
    records: { asked: ['id', 'source', 'type'], answered: ['delivered'] },
  },

  // One that is told of all projects is the administrators' matter.
  'GET /api/v1/webhooks': { need: 'webhooks:read', on: 'anywhere' },
  'POST /api/v1/webhooks': {
    need: 'webhooks:write',
    on: 'body.project_id',
    records: { asked: ['event_types', 'project_id'], answered: ['webhook_id'] },
  },
  'GET /api/v1/webhooks/{webhook_id}': { need: 'webhooks:read', on: 'webhook' },
  'PATCH /api/v1/webhooks/{webhook_id}': { ...HOOK, records: { asked: ['event_types', 'enabled'] } },
  'DELETE /api/v1/webhooks/{webhook_id}': HOOK,
  'POST /api/v1/webhooks/{webhook_id}/secret': { ...HOOK, records: { asked: ['keep_previous_seconds'] } },
  'POST /api/v1/webhooks/{webhook_id}/test': HOOK,
  'GET /api/v1/webhooks/{webhook_id}/deliveries': { need: 'webhooks:read', on: 'webhook' },
  'GET /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}': { need: 'webhooks:read', on: 'webhook' },
  'POST /api/v1/webhooks/{webhook_id}/deliveries/{delivery_id}/redeliver': HOOK,

  'GET /auth/login': PUBLIC,
  'GET /auth/callback': PUBLIC,
  'GET /auth/methods': PUBLIC,
  'POST /auth/session': { need: 'identity' },
  'POST /auth/logout': { need: 'identity' },
  'GET /api/v1/me': { need: 'identity' },
  'GET /api/v1/sessions': { need: 'identity' },
  'DELETE /api/v1/sessions/{session_id}': { need: 'identity' },
  // A ticket is good for one stream of the next half minute, and streams change nothing.
  'POST /api/v1/stream-tickets': { need: 'identity', audited: false },
  // Everybody has keys of their own; an administrator sees those of others.
  'GET /api/v1/api-keys': { need: 'identity' },
  'POST /api/v1/api-keys': {
    need: 'identity',
    records: { asked: ['name', 'user_id', 'role', 'scopes', 'projects', 'expires_at'], answered: ['key_id'] },
  },
  'POST /api/v1/api-keys/{key_id}/rotate': { need: 'identity', records: { asked: ['grace_seconds'] } },
  'DELETE /api/v1/api-keys/{key_id}': { need: 'identity' },

  'GET /api/v1/permissions': { need: 'identity' },
  'GET /api/v1/projects': { need: 'identity' },
  'GET /api/v1/projects/{project_id}/grants': { need: 'projects:admin', on: 'path.project_id' },
  'GET /api/v1/projects/{project_id}/grants/{user_id}': { need: 'projects:admin', on: 'path.project_id' },
  'PUT /api/v1/projects/{project_id}/grants/{user_id}': {
    need: 'projects:admin',
    on: 'path.project_id',
    records: { object: 'grant', asked: ['role'] },
  },
  'DELETE /api/v1/projects/{project_id}/grants/{user_id}': {
    need: 'projects:admin',
    on: 'path.project_id',
    records: { object: 'grant' },
  },
  'GET /api/v1/users': { need: 'users:admin', on: 'platform' },
  'GET /api/v1/users/{user_id}': { need: 'users:admin', on: 'platform' },
  'PATCH /api/v1/users/{user_id}': { need: 'users:admin', on: 'platform', records: { object: 'user', asked: ['role'] } },
  'GET /api/v1/settings': { need: 'users:admin', on: 'platform' },
  'GET /api/v1/policies': { need: 'workflows:read', on: 'platform' },
  // It says what policies would say, and records nothing.
  'POST /api/v1/policies/evaluate': { need: 'executions:read', on: 'anywhere', also: 'body.project_id', audited: false },
  // What modules write to their logs may be what users sent.
  'GET /api/v1/modules': { need: 'modules:read', on: 'platform' },
  'GET /api/v1/modules/{name}': { need: 'modules:read', on: 'platform' },
  'GET /api/v1/modules/{name}/logs': { need: 'modules:read', on: 'platform' },
  'POST /api/v1/modules/reload': MODULE_LIST,
  'POST /api/v1/modules/{name}/start': MODULE,
  'POST /api/v1/modules/{name}/stop': MODULE,
  'POST /api/v1/modules/{name}/restart': MODULE,
  'POST /api/v1/modules/{name}/replace': MODULE,
  'POST /api/v1/modules/{name}/drain': MODULE,
  'POST /api/v1/modules/{name}/rotate': { ...MODULE, records: { asked: ['names'], answered: ['status'] } },
  'POST /api/v1/modules/{name}/request': {
    need: 'modules:call',
    on: 'platform',
    records: { asked: ['method', 'path'], answered: ['status'] },
  },
  'GET /api/v1/audit': { need: 'audit:read', on: 'anywhere' },
  'GET /api/v1/audit/verify': { need: 'users:admin', on: 'platform' },
  ...RUNS,
  ...Object.fromEntries(Object.entries(RUNS).map(([name, rule]) => [name.replace(' /runs', ' /api/v1/runs'), rule])),
};

/**
 * The row of a route, where `/a/:b` is `/a/{b}`: its own, for HEAD that of GET, for the HTTP side of a WebSocket that of the WebSocket, or that of everything below a
 * path. Nothing when there is none.
 */
export function rowOf(method: string, url: string): { operation: string; rule: Rule } | undefined {
  const path = url.replaceAll(/:(\w+)/g, '{$1}');
  const names = [`${method} ${path}`, ...(method === 'HEAD' ? [`GET ${path}`] : []), `WS ${path}`];
  const above = Object.keys(OPERATIONS).filter((name) => name.endsWith('/*') && isBelow(`${method} ${path}`, name.slice(0, -2)));
  for (const operation of [...names, ...above]) {
    const rule = OPERATIONS[operation];
    if (rule !== undefined) return { operation, rule };
  }
  return undefined;
}

function isBelow(name: string, parent: string): boolean {
  const asGet = name.replace(/^HEAD /, 'GET ');
  return asGet === parent || asGet.startsWith(`${parent}/`);
}
