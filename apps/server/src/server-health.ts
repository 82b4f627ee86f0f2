import type { Clock } from '@loopwright/protocol';
import type { HealthSource } from './http/routes/health.ts';
import type { Supervisor } from './modules/supervisor.ts';

/** The state of this process and of its modules; degraded while one of them does not run. */
export function serverHealth(supervisor: Supervisor, clock: Clock): HealthSource {
  const startedAt = clock.now();
  return {
    health: () => {
      const modules = supervisor.state();
      return {
        status: modules.every(({ status }) => status === 'running') ? 'healthy' : 'degraded',
        version: '0.1.0',
        pid: process.pid,
        uptime_seconds: (clock.now() - startedAt) / 1000,
        modules,
      };
    },
  };
}
