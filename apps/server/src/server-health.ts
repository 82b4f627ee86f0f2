import type { Engine } from '@loopwright/engine';
import type { Clock } from '@loopwright/protocol';
import type { HealthSource } from './http/routes/health.ts';
import type { AuditLog } from './audit/audit-log.ts';
import { type PolicyFolder, faultText } from './governance/policy/policy-folder.ts';
import type { Supervisor } from './modules/supervisor.ts';

/** What the state of the server is made of. */
interface HealthParts {
  readonly supervisor: Pick<Supervisor, 'state'>;
  readonly engine: Pick<Engine, 'storeFault'>;
  readonly audit: Pick<AuditLog, 'fault'>;
  readonly policies: Pick<PolicyFolder, 'fault'>;
  readonly clock: Clock;
}

/** The state of this process and of its modules; degraded while one of them does not run, or the store takes no writes. */
export function serverHealth({ supervisor, engine, audit, policies, clock }: HealthParts): HealthSource {
  const startedAt = clock.now();
  return {
    health: () => {
      const modules = supervisor.state();
      const fault = engine.storeFault ?? audit.fault;
      const isHealthy = fault === undefined && modules.every(({ required, status }) => !required || status === 'running');
      return {
        status: isHealthy ? 'healthy' : 'degraded',
        ...(fault === undefined ? {} : { store_fault: fault.message }),
        ...(policies.fault === undefined ? {} : { policy_fault: faultText(policies.fault) }),
        version: '0.1.0',
        pid: process.pid,
        uptime_seconds: (clock.now() - startedAt) / 1000,
        modules,
      };
    },
  };
}
