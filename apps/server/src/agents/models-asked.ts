import { type WorkflowDefinition, everyTaskOf } from '@loopwright/engine';
import { modelNameSchema } from '@loopwright/models';
import { executionPlanSchema } from '@loopwright/protocol';
import { z } from 'zod';
import { type ModelAccess, type ModelSettings, whyNoModel, whyNotGenerated } from './describe-models.ts';

/** Whether a definition asks models, and why that would fail as the server is set up. */
export interface ModelsAsked {
  /** Whether something of it does, or may: what is known in the middle of an execution only counts as asking. */
  readonly asks: boolean;
  /** `null` when they can be asked, when nothing asks one, or when it is not known before. */
  readonly reason: string | null;
}

/** What {@link modelsAsked} looks at. */
export interface ModelsAskedParts {
  readonly models: ModelAccess;
  readonly settings: ModelSettings;
  /** The definitions that one may run as a part of itself, by name. */
  readonly definitions: ReadonlyMap<string, WorkflowDefinition>;
}

const agentSchema = z.looseObject({ with: z.looseObject({ model: z.unknown() }).optional() });
const generateSchema = z.looseObject({ with: z.looseObject({ agent: z.unknown() }).optional() });
const workflowSchema = z.looseObject({ run: z.looseObject({ workflow: z.looseObject({ name: z.string() }) }) });
/** The models of a plan that names none, as `call: generate` sends it. */
const PLAN = executionPlanSchema.pick({ primary_llm: true, fallback_llm: true }).parse({});

/** What a definition asks of models: its calls of `agent`, of `generate` with a model, and those of the workflows that it runs. */
export function modelsAsked(definition: WorkflowDefinition, parts: ModelsAskedParts): ModelsAsked {
  const calls = [...callsOf(definition, parts.definitions, new Set())];
  const known = new Set(calls.filter((call) => call !== UNKNOWN));
  const reasons = [...known].map((call) =>
    call === GENERATE ? whyNotGenerated(parts, PLAN) : whyNoModel(parts.models, call === SET ? null : call),
  );
  return { asks: calls.length > 0, reason: reasons.find((reason) => reason !== null) ?? null };
}

/** The model that is set, the generation service's own, and one that is known in the middle of an execution; any other text names one. */
const SET = 'set';
const GENERATE = 'generate';
const UNKNOWN = 'unknown';

function* callsOf(
  definition: WorkflowDefinition,
  definitions: ModelsAskedParts['definitions'],
  seen: Set<WorkflowDefinition>,
): Generator<string> {
  if (seen.has(definition)) return;
  seen.add(definition);
  for (const {
    named: { task },
  } of everyTaskOf(definition.document)) {
    if ('call' in task && task.call === 'agent') yield modelOf(agentSchema.safeParse(task).data?.with?.model ?? null);
    if ('call' in task && task.call === 'generate') {
      const agent: unknown = generateSchema.safeParse(task).data?.with?.agent ?? 'induction';
      if (agent !== 'induction') yield agent === 'model' ? GENERATE : UNKNOWN;
    }
    const child = definitions.get(workflowSchema.safeParse(task).data?.run.workflow.name ?? '');
    if (child !== undefined) yield* callsOf(child, definitions, seen);
  }
}

function modelOf(model: unknown): string {
  if (model === null) return SET;
  return modelNameSchema.safeParse(model).data ?? UNKNOWN;
}
