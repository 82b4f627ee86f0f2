import type { FastifyBaseLogger } from 'fastify';
import type { AuditLog } from '../../audit/audit-log.ts';
import type { PolicyFolder } from './policy-folder.ts';

/** Follows the folder of policies, and says in the log and in the audit log what was taken and what was refused; the result ends the following. */
export function followPolicies(
  policies: PolicyFolder,
  { audit, log }: { audit: Pick<AuditLog, 'append'>; log: FastifyBaseLogger },
): () => void {
  policies.listen((change) => {
    const about = { operation: 'policies', object_kind: 'policy' } as const;
    if (change.kind === 'changed') {
      const { before, after } = change;
      log.info({ before, after }, 'The policies have changed: they hold from the next gate on');
      append({
        kind: 'outcome',
        ...about,
        status: 200,
        before: JSON.stringify({ digest: before }),
        after: JSON.stringify({ digest: after }),
      });
    } else {
      const { fault, digest } = change;
      log.error({ details: fault.details, digest }, `${fault.message}; the policies before it hold`);
      const said = JSON.stringify({ reason: fault.message, details: fault.details });
      append({ kind: 'refused', ...about, status: 400, before: JSON.stringify({ digest }), after: said });
    }
  });
  return policies.watch();

  function append(facts: Parameters<AuditLog['append']>[0]): void {
    audit.append(facts).catch((error: unknown) => log.error({ err: error }, 'Cannot record a change of the policies'));
  }
}
