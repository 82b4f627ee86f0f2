import { type CallFunction, type ExpectedCost, defineFunction } from '@loopwright/engine';
import {
  type Clock,
  type Json,
  type JsonObject,
  PlatformError,
  jsonObjectSchema,
  jsonSchema,
  toJson,
} from '@loopwright/protocol';
import { z } from 'zod';
import type { CallEstimate } from '../money/estimate-call.ts';
import { estimateCall } from '../money/estimate-call.ts';
import type { ModelUsage } from '../money/model-usage.ts';
import type { Workspaces } from '../runs/workspace/workspaces.ts';
import { agentOutputSchema, documentOf } from './agent-output.ts';
import { filesOf } from './answer/answer-files.ts';
import type { AgentAnswer, AnswerForm } from './answer/answer-schema.ts';
import { type Finding, answerCheck } from './answer/check-answer.ts';
import { type PromptParts, type Remediation, systemPrompt, taskPrompt } from './prompt.ts';
import { type ModelClient, type ModelReply, type PriceTable, modelNameSchema } from '@loopwright/models';
import { readMaterial } from './read-material.ts';

/** What `agent` works with. */
export interface AgentParts {
  readonly models: ModelClient;
  readonly prices: PriceTable;
  readonly usage: ModelUsage;
  readonly workspaces: Workspaces;
  /** Most tokens of one answer. */
  readonly maxOutputTokens: number;
  readonly clock: Clock;
}

/** Answers of a model that are looked at before the agent gives up (`reference/domain.md` §4.3). */
const ATTEMPTS = 3;
/** Findings that an error names. */
const FINDINGS_IN_ERROR = 5;

const phaseSchema = z.string().regex(/^[a-z][a-z0-9-]{0,62}$/);
const argumentsSchema = z.strictObject({
  /** Who the agent is: it stands in the prompt, and use and cost are counted under it. */
  role: z.string().regex(/^[a-z][a-z0-9.-]{0,62}$/),
  /** The phase, which is the folder of the workspace that it writes to. */
  phase: phaseSchema,
  task: z.string().min(1).max(50_000),
  /** Facts for the task. */
  data: jsonSchema.default(null),
  /** Earlier artifacts that it gets, files or folders, as `planning/PRD.md` and `development`. */
  inputs: z.array(z.string().min(1).max(300)).max(50).default([]),
  outputs: z.array(agentOutputSchema).min(1).max(20),
  /** Whether it writes files besides the documents; what was written is then listed in `file_change_log.json`. */
  files: z.boolean().default(false),
  /** Whether it may ask people once. */
  questions: z.boolean().default(true),
  /** Another model than the one that is set, as `provider/name`. */
  model: modelNameSchema.nullable().default(null),
});
type AgentArguments = z.infer<typeof argumentsSchema>;

/** What one attempt is recorded as. */
const attemptSchema = z.object({
  answer: jsonObjectSchema.nullable(),
  findings: z.array(z.object({ pointer: z.string(), message: z.string() })),
  previous: z.string(),
  usage: jsonSchema,
});
type Attempt = z.infer<typeof attemptSchema>;

/**
 * `call: agent`: asks a model for documents of a given form, checks its answer mechanically, asks again with the findings, three times at the most, and writes what is
 * accepted into the workspace. A model may answer with questions to people instead, once. Each attempt is a record of its own, so that no answer is paid for twice.
 */
export function agent(parts: AgentParts): CallFunction {
  return defineFunction({
    description: 'Asks a model provider for documents, checks them and writes them into the workspace',
    arguments: argumentsSchema,
    run: async ({ args, execution, taskName, step, ask }) => {
      const unit = `${execution.workflowName}/${args.phase}/${taskName}`;
      const about = { executionId: execution.executionId, projectId: execution.projectId, unit };
      let asked: JsonObject | null = null;
      let remediation: Remediation | undefined;
      for (let attempt = 1; attempt <= ATTEMPTS;) {
        const mayAsk = args.questions && asked === null && remediation === undefined;
        const given = { args, answers: asked, remediation, mayAsk };
        const label = `${asked === null ? '' : 'answered-'}attempt-${attempt}`;
        const outcome = attemptSchema.parse(
          await step(({ signal, spend }) => askOnce(parts, given, { ...about, signal, spend }), label),
        );
        const { findings, previous } = outcome;
        const answer = outcome.answer as unknown as AgentAnswer | null;
        if (answer?.documents !== undefined) {
          return step(() => write(parts, { args, answer, outcome, answers: asked, attempts: attempt }, about), 'write');
        }
        if (answer?.questions !== undefined) {
          const title = `Questions of the ${args.role} in the phase ${args.phase}`;
          const reply = await ask(
            { kind: 'clarification', title, message: answer.summary, questions: [...answer.questions] },
            'questions',
          );
          asked = (reply as JsonObject)['answers'] as JsonObject;
          continue;
        }
        remediation = { findings, previous };
        attempt += 1;
      }
      throw gaveUp(args, remediation?.findings ?? []);
    },
  });
}

interface Asking {
  readonly args: AgentArguments;
  readonly answers: JsonObject | null;
  readonly remediation: Remediation | undefined;
  readonly mayAsk: boolean;
}
interface About {
  readonly executionId: string;
  readonly projectId: string;
  readonly unit: string;
}
type StepTools = About & { readonly signal: AbortSignal; readonly spend: (spending: Spending) => void };
type Spending = {
  readonly agent: string;
  readonly provider: string;
  readonly model: string;
  readonly costUsd?: string;
  readonly inputTokens?: number;
  readonly outputTokens?: number;
  readonly expected: ExpectedCost;
};

async function askOnce(parts: AgentParts, asking: Asking, tools: StepTools): Promise<Json> {
  const { args, answers, remediation, mayAsk } = asking;
  const form: AnswerForm = { documents: args.outputs.map(documentOf), files: args.files, questions: mayAsk };
  const check = answerCheck(form);
  const name = parts.models.modelFor(args.model);
  const workspace = await parts.workspaces.ofExecution(tools.executionId);
  const artifacts = await readMaterial(workspace, args.inputs);
  const prompt: PromptParts = { role: args.role, phase: args.phase, task: args.task, form, data: args.data, artifacts, answers };
  const [system, text] = [systemPrompt(prompt), taskPrompt(prompt, remediation)].map((part) => parts.models.redact(part)) as [
    string,
    string,
  ];
  const promptCharacters = system.length + text.length;
  const estimate = await estimateCall(parts, {
    ...name,
    projectId: tools.projectId,
    unit: tools.unit,
    promptCharacters,
    at: parts.clock.now(),
  });
  const request = { system, prompt: text, schema: check.schema, maxOutputTokens: parts.maxOutputTokens };
  const reply = await parts.models.ask(request, tools.signal, args.model);
  const usage = await account(parts, { reply, args, promptCharacters, estimate }, tools);
  if (reply.finish === 'refused') {
    throw new PlatformError(
      'AGENT_FAILED',
      `Cannot get a document of the ${args.role}: the model "${reply.provider}/${reply.model}" or its filter declined to answer`,
    );
  }
  const checked = check.read(reply.text);
  const cutOff: Finding[] =
    reply.finish === 'length' ? [{ pointer: '', message: `was cut off at ${parts.maxOutputTokens} tokens: be shorter` }] : [];
  const findings = 'findings' in checked ? [...cutOff, ...checked.findings] : [];
  const attempt: Attempt = {
    answer: 'answer' in checked ? (toJson(checked.answer) as JsonObject) : null,
    findings,
    previous: findings.length > 0 ? reply.text.slice(0, 2001) : '',
    usage,
  };
  return toJson(attempt);
}

/** Reports and records what a call used, whatever becomes of its answer. */
async function account(
  parts: AgentParts,
  {
    reply,
    args,
    promptCharacters,
    estimate,
  }: { reply: ModelReply; args: AgentArguments; promptCharacters: number; estimate: CallEstimate },
  { executionId, projectId, unit, spend }: StepTools,
): Promise<Json> {
  const { provider, model, usage } = reply;
  const at = parts.clock.now();
  const tokens = { inputTokens: usage.input, outputTokens: usage.output };
  const cost = parts.prices.costOf({
    provider,
    model,
    at,
    ...tokens,
    cachedInputTokens: usage.cachedInput,
    cacheWriteTokens: usage.cacheWrite,
  });
  spend({
    agent: args.role,
    provider,
    model,
    ...(cost.usd === null ? {} : { costUsd: cost.usd }),
    ...(usage.input === null ? {} : { inputTokens: usage.input }),
    ...(usage.output === null ? {} : { outputTokens: usage.output }),
    expected: expectedCost(estimate),
  });
  await parts.usage.record({
    execution_id: executionId,
    project_id: projectId,
    unit,
    agent: args.role,
    phase: args.phase,
    provider,
    model,
    prompt_characters: promptCharacters,
    input_tokens: usage.input,
    output_tokens: usage.output,
    cached_input_tokens: usage.cachedInput,
    cache_write_tokens: usage.cacheWrite,
    cost_nanos: cost.nanos,
    at,
  });
  return toJson({ provider, model, ...usage, cost_usd: cost.usd, cost_reason: cost.reason, estimate });
}

function expectedCost({ usd, low, high, reason }: CallEstimate): ExpectedCost {
  if (usd !== null && low !== null && high !== null) return { usd, lowUsd: low, highUsd: high };
  return { reason: reason ?? 'nothing is known of calls of this kind' };
}

async function write(
  { workspaces }: AgentParts,
  {
    args,
    answer,
    outcome,
    answers,
    attempts,
  }: { args: AgentArguments; answer: AgentAnswer; outcome: Attempt; answers: JsonObject | null; attempts: number },
  { executionId }: About,
): Promise<Json> {
  const workspace = await workspaces.ofExecution(executionId);
  const written: Json[] = [];
  const documents = args.outputs.map(documentOf);
  for (const { file_path, content, description } of filesOf(answer, { documents })) {
    const { path, digest, bytes } = await workspace.write(args.phase, file_path, content);
    written.push({ path: `${args.phase}/${path}`, digest, bytes, purpose: description });
  }
  if (args.files) {
    const log = { agent: args.role, attempts, files: written };
    await workspace.write(args.phase, 'file_change_log.json', `${JSON.stringify(log, null, 2)}\n`);
  }
  return {
    agent: args.role,
    phase: args.phase,
    summary: answer.summary,
    files: written,
    answers,
    attempts,
    usage: outcome.usage,
  };
}

function gaveUp({ role }: AgentArguments, findings: readonly Finding[]): PlatformError {
  const shown = findings
    .slice(0, FINDINGS_IN_ERROR)
    .map(({ pointer, message }) => `${pointer === '' ? 'the answer' : pointer} ${message}`);
  const more = findings.length > FINDINGS_IN_ERROR ? ` and ${findings.length - FINDINGS_IN_ERROR} more` : '';
  return new PlatformError(
    'AGENT_FAILED',
    `Cannot get a document of the ${role}: ${ATTEMPTS} answers of the model were not accepted; the last one: ${shown.join('; ')}${more}`,
    {
      details: { findings: toJson(findings) },
    },
  );
}
