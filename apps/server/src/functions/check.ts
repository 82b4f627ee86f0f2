import { type Invocation, type StoreReader, defineFunction } from '@loopwright/engine';
import {
  type Clock,
  type GateResult,
  type Json,
  PlatformError,
  governanceResultsSchema,
  hygieneSchema,
  isoTime,
  toJson,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { Governance } from '../governance/governance.ts';
import { policyDigestOf } from '../governance/governance-store.ts';
import { policyDocumentSchema } from '../governance/policy/policy-document.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';

/** What `check` works with. */
export interface CheckParts {
  readonly governance: Governance;
  readonly workspaces: Workspaces;
  /** The record of executions; known when the engine is there. */
  readonly read: () => StoreReader;
  readonly clock: Clock;
}

const argumentsSchema = z.strictObject({
  phase: z.string().min(1).max(100),
  /** Gates besides those that the policy names for the phase; a definition cannot take any away. */
  gates: z.array(z.string().max(100)).max(100).default([]),
  /** Whoever advanced asked to skip the gates: nothing is evaluated, and that is recorded. `null` for no. */
  skip: z.boolean().nullable().default(false),
  skipped_by: z.string().max(200).nullable().default(null),
  /** A layer of the run, below that of its project: it can only be stricter. */
  policy: policyDocumentSchema.nullable().default(null),
});
type CheckArguments = z.infer<typeof argumentsSchema>;

const assessedSchema = z.object({
  results: governanceResultsSchema.nullable(),
  hygiene: hygieneSchema.nullable(),
  skipped_by: z.string().nullable(),
  /** Left out in what was recorded before there was one. */
  policy_digest: z.string().optional(),
});
const decisionSchema = z.looseObject({
  accepted: z.boolean(),
  comment: z.string().nullable(),
  answered_by: z.string(),
  answered_at: z.string(),
});

/**
 * `call: check`: evaluates the gates of a phase on the workspace of the run. When one blocks, people are asked: whoever accepts has to say why, and
 * the phase goes on with the override recorded; a rejection fails the phase with GOVERNANCE_REJECTED. Gives the results, `override` and `skipped_by`.
 */
export function check(parts: CheckParts): ReturnType<typeof defineFunction> {
  return defineFunction({
    description: 'Evaluates the quality gates and the hygiene of the workspace',
    arguments: argumentsSchema,
    run: async (invocation) => {
      const { args, step, emit } = invocation;
      const isSkipped = args.skip === true;
      await parts.governance.refreshPolicies();
      if (!isSkipped) await emit(event('started', args.phase, { gates: gateNames(parts, invocation) }), 'started');
      const { results, hygiene, skipped_by, ...applied } = assessedSchema.parse(
        await step((attempt) => assess(parts, invocation, attempt), 'gates'),
      );
      if (results === null) return toJson({ phase: args.phase, skipped_by, results, hygiene, override: null, ...applied });
      for (const gate of results.quality_gates) {
        const outcome = gate.status === 'blocked' ? 'failed' : 'passed';
        await emit(event(outcome, args.phase, summaryOf(gate)), gate.gate_id);
      }
      const override = results.passed
        ? null
        : await askPeople(parts, invocation, toJson({ phase: args.phase, ...applied, ...results }));
      return toJson({ phase: args.phase, skipped_by, ...applied, ...results, hygiene, override });
    },
  });
}

function event(outcome: 'started' | 'passed' | 'failed', phase: string, data: Json): { [member: string]: Json } {
  return { type: `io.loopwright.governance_check_${outcome}`, source: 'urn:loopwright:governance', subject: phase, data };
}

function summaryOf({ gate_id, status, message, actual, threshold, layer }: GateResult): Json {
  return { gate_id, status, message, actual, threshold, layer };
}

/** The gates that will be evaluated; what is wrong with the request is said by the step, which records it. */
function gateNames({ governance }: CheckParts, { args, execution }: Invocation<CheckArguments>): Json {
  try {
    return governance.gatesOf({ ...args, policy: governance.policyOf(execution.projectId, args.policy ?? undefined) });
  } catch {
    return [];
  }
}

async function assess(
  { governance, workspaces, read, clock }: CheckParts,
  { args, execution }: Invocation<CheckArguments>,
  { signal, idempotencyKey }: { signal: AbortSignal; idempotencyKey: string },
): Promise<Json> {
  const { executionId, projectId, startedBy } = execution;
  const policy = governance.policyOf(projectId, args.policy ?? undefined);
  const skippedBy = args.skip === true ? (args.skipped_by ?? startedBy) : null;
  const { phase, gates } = args;
  const assessed = skippedBy === null ? await governance.assess({ executionId, phase, gates, policy, signal }, read()) : null;
  await governance.store.put({
    execution_id: executionId,
    key: idempotencyKey,
    run_id: (await workspaces.runOf(executionId)) ?? executionId,
    phase,
    checked_at: clock.now(),
    skipped_by: skippedBy,
    results: assessed === null ? null : JSON.stringify(assessed.results),
    hygiene: assessed === null ? null : JSON.stringify(assessed.hygiene),
    policy: JSON.stringify(policy.view),
    workspace_digest: assessed?.workspaceDigest ?? null,
    override: null,
    archived_by: null,
  });
  return toJson({
    results: assessed?.results ?? null,
    hygiene: assessed?.hygiene ?? null,
    skipped_by: skippedBy,
    policy_digest: policyDigestOf(policy.view),
    key: idempotencyKey,
  });
}

/** Asks until somebody who accepts says why; a rejection needs no words. */
async function askPeople(
  { governance, clock }: CheckParts,
  { args, execution, ask, step }: Invocation<CheckArguments>,
  subject: Json,
): Promise<Json> {
  for (let round = 1; round <= 10; round += 1) {
    const decision = decisionSchema.parse(
      await ask(
        {
          kind: 'acceptance',
          title: `Go on although the gates of "${args.phase}" block it?`,
          message:
            round === 1
              ? 'Whoever accepts has to say why in the comment.'
              : 'The last answer had no comment: say why the phase may go on.',
          doc_type: 'governance',
          scope_id: args.phase,
          subject,
        },
        `override-${round}`,
      ),
    );
    const comment = decision.comment?.trim() ?? '';
    if (decision.accepted && comment === '') continue;
    const override = { accepted: decision.accepted, by: decision.answered_by, comment, at: decision.answered_at };
    await step(async ({ idempotencyKey }) => {
      const key = idempotencyKey.replace(/\/decision$/, '/gates');
      await governance.store.decide({ executionId: execution.executionId, key }, override);
      return { at: isoTime(clock.now()) };
    }, 'decision');
    if (decision.accepted) return override;
    throw rejected(args.phase, subject, override);
  }
  throw new PlatformError('GOVERNANCE_REJECTED', `Cannot go on with "${args.phase}": nobody said why it may`, {
    details: { phase: args.phase },
  });
}

function rejected(phase: string, subject: Json, { by, comment }: { by: string; comment: string }): PlatformError {
  const failed = governanceResultsSchema.safeParse(subject).data?.failed_rules ?? [];
  const why = comment === '' ? '' : `: ${comment}`;
  return new PlatformError(
    'GOVERNANCE_REJECTED',
    `Cannot go on with "${phase}": ${failed.join(', ')} blocked it, and ${by} upheld that${why}`,
    {
      details: { phase, failed_rules: failed, rejected_by: by, comment },
    },
  );
}
