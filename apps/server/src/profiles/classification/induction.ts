import { type CallFunction, defineFunction } from '@loopwright/engine';
import { toJson } from '@loopwright/protocol';
import { examplesOfProject } from '../../examples/examples-of-project.ts';
import { readIntake } from './intake/read-intake.ts';
import { settleTask } from './intake/settle-task.ts';
import type { InductionParts, WorkTools } from './work-tools.ts';
import { type InductionWork, inductionWorkSchema } from './work.ts';
import { develop, document, judge } from './work-on-program.ts';
import { design, plan, profile } from './work-on-examples.ts';

/** Who does each piece of work (`reference/domain.md` §1.3). */
const AGENTS: Readonly<Record<InductionWork['work'], string>> = {
  'read-intake': 'architect',
  'settle-task': 'architect',
  plan: 'architect',
  design: 'architect',
  profile: 'data',
  develop: 'developer',
  judge: 'qa',
  document: 'documentarian',
};

/**
 * `call: induction`: the work of one phase of a classification, done by measuring and not by a model provider. Each piece writes its documents into the workspace and gives its
 * facts, from which the next ones are made. The same step again writes the same files.
 */
export function induction(parts: InductionParts): CallFunction {
  return defineFunction({
    description: 'Plans, measures and documents a classification from labelled examples, without a model',
    arguments: inductionWorkSchema,
    run: ({ args, execution, step }) =>
      step(async ({ signal, spend }) => {
        // No model is asked: that it costs nothing is known.
        const expected = { usd: '0', lowUsd: '0', highUsd: '0' };
        spend({ agent: AGENTS[args.work], provider: 'induction', costUsd: 0, inputTokens: 0, outputTokens: 0, expected });
        const workspace = await parts.workspaces.ofExecution(execution.executionId);
        const examples = examplesOfProject(parts.examples, { resources: parts.resources, usage: execution });
        if ('candidate' in args) await parts.resources.claimProgram(args.candidate.program, execution);
        return toJson(await perform(args, { ...parts, examples, workspace, signal }));
      }),
  });
}

async function perform(work: InductionWork, tools: WorkTools): Promise<unknown> {
  switch (work.work) {
    case 'read-intake':
      return readIntake({ runId: work.run_id, intake: work.intake, projectName: work.project_name, inputs: work.inputs });
    case 'settle-task':
      return settleTask(work.read, { answers: work.answers, answeredBy: work.answered_by }, tools.examples);
    case 'plan':
      return plan(work, tools);
    case 'design':
      return design(work, tools);
    case 'profile':
      return profile(work, tools);
    case 'develop':
      return develop(work, tools);
    case 'judge':
      return judge(work, tools);
    case 'document':
      return document(work, tools);
  }
}
