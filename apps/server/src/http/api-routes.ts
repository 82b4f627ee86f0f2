import type { FastifyPluginAsyncZod } from 'fastify-type-provider-zod';
import { honourIdempotencyKeys } from './honour-idempotency-keys.ts';
import { honourQuotas } from './protection/honour-quotas.ts';
import { DailyQuotas } from '../quotas/daily-quotas.ts';
import { apiKeyRoutes } from './routes/api-keys.ts';
import { breakEvenRoutes } from './routes/break-even.ts';
import { canaryRoutes } from './routes/canaries.ts';
import { cloudEventRoutes } from './routes/cloud-events.ts';
import { driftRoutes } from './routes/drift.ts';
import { sampleAnswerRoutes } from './routes/sample-answers.ts';
import { sampleRoutes } from './routes/samples.ts';
import { diagramRoutes } from './routes/diagrams.ts';
import { eventRoutes } from './routes/events.ts';
import { exampleRoutes } from './routes/examples.ts';
import { executionAnswerRoutes } from './routes/execution-answers.ts';
import { executionControlRoutes } from './routes/execution-control.ts';
import { executionBulkRoutes } from './routes/execution-bulk.ts';
import { executionRestartRoutes } from './routes/execution-restart.ts';
import { executionRoutes } from './routes/executions.ts';
import { humanTaskRoutes } from './routes/human-tasks.ts';
import { inboxRoutes } from './routes/inbox.ts';
import { auditRoutes } from './routes/audit.ts';
import { moduleActionRoutes } from './routes/module-actions.ts';
import { moduleRoutes } from './routes/modules.ts';
import { meRoutes } from './routes/me.ts';
import { modelProviderRoutes } from './routes/model-providers.ts';
import { profileRoutes } from './routes/profiles.ts';
import { programAliasRoutes } from './routes/program-aliases.ts';
import { programHistoryRoutes } from './routes/program-history.ts';
import { programBundleRoutes } from './routes/program-bundles.ts';
import { programDiffRoutes } from './routes/program-diffs.ts';
import { programExportRoutes } from './routes/program-exports.ts';
import { programRolloutRoutes } from './routes/program-rollouts.ts';
import { programListRoutes } from './routes/program-lists.ts';
import { programTaskRoutes } from './routes/program-tasks.ts';
import { programRoutes } from './routes/programs.ts';
import { programValidationRoutes } from './routes/program-validation.ts';
import { taskExecutionRoutes } from './routes/task-executions.ts';
import { projectRoutes } from './routes/projects.ts';
import { webhookDeliveryRoutes } from './routes/webhook-deliveries.ts';
import { oneWebhookRoutes, webhookRoutes } from './routes/webhooks.ts';
import { workflowVersionRoutes } from './routes/workflow-versions.ts';
import { type RunFace, useSeedManner } from './routes/run-schemas.ts';
import { policyRoutes } from './routes/policies.ts';
import { settingRoutes } from './routes/settings.ts';
import { runCheckpointRoutes } from './routes/runs-checkpoints.ts';
import { runRollbackRoutes } from './routes/runs-rollbacks.ts';
import { runGovernanceRoutes } from './routes/runs-governance.ts';
import { runArtifactRoutes } from './routes/runs-artifacts.ts';
import { runBulkRoutes } from './routes/runs-bulk.ts';
import { runControlRoutes } from './routes/runs-control.ts';
import { runStreamRoutes } from './routes/runs-stream.ts';
import { runRoutes } from './routes/runs.ts';
import { scheduleRoutes } from './routes/schedules.ts';
import { userRoutes } from './routes/users.ts';
import { workflowRoutes } from './routes/workflows.ts';
import type { AppParts } from './app.ts';

/** Everything below `/api/v1`, one plugin a resource. */
export function apiRoutes(parts: AppParts): FastifyPluginAsyncZod {
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
    await api.register(inboxRoutes(parts));
    await api.register(exampleRoutes(parts));
    await api.register(profileRoutes(parts));
    await api.register(modelProviderRoutes(parts));
    await api.register(programListRoutes(parts));
    await api.register(programRoutes(parts));
    await api.register(breakEvenRoutes(parts));
    await api.register(sampleRoutes(parts));
    await api.register(sampleAnswerRoutes(parts));
    await api.register(driftRoutes(parts));
    await api.register(programAliasRoutes(parts));
    await api.register(programHistoryRoutes(parts));
    await api.register(programDiffRoutes(parts));
    await api.register(programBundleRoutes(parts));
    await api.register(programExportRoutes(parts));
    await api.register(programRolloutRoutes(parts));
    await api.register(taskExecutionRoutes(parts));
    await api.register(programTaskRoutes(parts));
    await api.register(programValidationRoutes(parts));
    await api.register(canaryRoutes(parts));
    await api.register(cloudEventRoutes(parts));
    await api.register(eventRoutes(parts));
    await api.register(userRoutes({ ...parts.authorization, identity: parts.identity }));
    await api.register(projectRoutes({ ...parts.authorization, engine: parts.engine }));
    await api.register(auditRoutes(parts));
    await api.register(meRoutes(parts));
    await api.register(apiKeyRoutes(parts));
    await api.register(moduleRoutes(parts));
    await api.register(moduleActionRoutes(parts));
    await api.register(policyRoutes(parts));
    await api.register(settingRoutes(parts));
    await api.register(everyRunRoute(parts, 'api'));
    await api.register(webhookRoutes(parts));
    await api.register(oneWebhookRoutes(parts));
    await api.register(webhookDeliveryRoutes(parts));
  };
}

/** Runs once more, where and as `seeds/001` has them. */
export function seedRoutes(parts: AppParts): FastifyPluginAsyncZod {
  return async (api) => {
    honourIdempotencyKeys(api, parts.responses);
    honourQuotas(api, new DailyQuotas({ ...parts, limits: parts.protection.quotas }));
    useSeedManner(api);
    await api.register(everyRunRoute(parts, 'seed'));
  };
}

/** Everything below `/runs`. */
function everyRunRoute(parts: AppParts, face: RunFace): FastifyPluginAsyncZod {
  return async (api) => {
    await api.register(runRoutes(parts, face));
    await api.register(runBulkRoutes(parts));
    await api.register(runControlRoutes(parts));
    await api.register(runArtifactRoutes(parts));
    await api.register(runGovernanceRoutes(parts));
    await api.register(runCheckpointRoutes(parts));
    await api.register(runRollbackRoutes(parts));
    await api.register(runStreamRoutes(parts));
  };
}
