import { createHash } from 'node:crypto';
import { canonicalJson, type ExecutionPlan, type Json, type JsonObject } from '@loopwright/protocol';

/** Characters of the digest that are the key. */
const KEY_LENGTH = 16;
/** Members of `metadata` that agents read. */
const AGENT_INPUTS = ['agent', 'program_name', 'examples', 'accuracy_target', 'tests', 'tools', 'files'];

/**
 * The cache key of a plan: the first 16 hexadecimal characters of the SHA-256 over what decides its result, as canonical JSON.
 *
 * Task description, requirements and dependencies count trimmed and in lower case, the two lists in any order; the
 * architecture, both models and `enable_testing` as they are. So do `file_structure` and `context`, which the source forgot: plans
 * that differed in them alone got each other's results. A plan whose metadata names an agent, or has something that agents read, has its
 * metadata in the key, for it is input (labelled examples, given tests, tools). Limits, identifiers, the project's name and
 * other metadata are not in it.
 */
export function planKey(plan: ExecutionPlan): string {
  const { scaffolding: spec, metadata } = plan;
  return digestOf({
    task_description: folded(spec.task_description),
    requirements: spec.requirements.map(folded).sort(),
    dependencies: spec.dependencies.map(folded).sort(),
    architecture: spec.architecture,
    file_structure: spec.file_structure,
    context: spec.context,
    primary_llm: plan.primary_llm,
    fallback_llm: plan.fallback_llm,
    enable_testing: plan.enable_testing,
    ...(isInput(metadata) ? { metadata } : {}),
  }).slice(0, KEY_LENGTH);
}

/** What tells whether two plans can share one request: everything but identifiers, the project's name and the time. */
export function requestIdentity(plan: ExecutionPlan, key: string): string {
  const { max_iterations, timeout_seconds, cache_strategy, cache_ttl, metadata } = plan;
  const own = isInput(metadata) ? null : metadata;
  return digestOf({ key, max_iterations, timeout_seconds, cache_strategy, cache_ttl, metadata: own });
}

/** Whether an agent reads the metadata: a plan that names none goes to the agent of models. */
function isInput(metadata: JsonObject): boolean {
  return AGENT_INPUTS.some((name) => name in metadata);
}

function folded(text: string): string {
  return text.trim().toLowerCase();
}

function digestOf(value: Json): string {
  return createHash('sha256').update(canonicalJson(value)).digest('hex');
}
