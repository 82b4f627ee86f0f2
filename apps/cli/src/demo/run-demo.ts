import type { Client } from '@loopwright/client';
import {
  type DailyAnalytics,
  type ExecutionEventMessage,
  type ExecutionResponse,
  type Json,
  PlatformError,
} from '@loopwright/protocol';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import type { Reporter, Step } from '../report/reporter.ts';
import type { Answerer } from './answers.ts';
import type { ExampleSource } from './example-source.ts';
import { persist } from './persist.ts';
import { scoreText } from './score-text.ts';
import { type ServedReport, serveRequests } from './serve-requests.ts';

/** What the demonstration is to do. */
export interface DemoPlan {
  readonly source: ExampleSource;
  readonly program: string;
  readonly description: string;
  readonly requests: number;
  readonly seed: number;
  /** Names this run: asked for again, it goes on where it was. */
  readonly runKey: string;
}

/** What came out of it. */
export interface DemoResult {
  readonly executionId: string;
  readonly examples: { readonly digest: string; readonly count: number; readonly labels: number };
  readonly outcome: z.infer<typeof outcomeSchema>;
  /** One of the examples' inputs, to try the program with. */
  readonly sampleInput: Json;
  readonly served: ServedReport;
  readonly analytics: DailyAnalytics;
}

/** The output of the workflow `program-from-examples`. */
const outcomeSchema = z.object({
  program: z.string(),
  version: z.int(),
  digest: z.string(),
  accuracy: z.number(),
  interval: z.object({ low: z.number(), high: z.number() }),
  evaluated_on: z.int(),
  workspace: z.string(),
});

/** The whole loop over HTTP: examples → questions → program → evaluation → acceptance → promotion → requests. */
export async function runDemo(
  client: Client,
  plan: DemoPlan,
  { reporter, answerer }: { reporter: Reporter; answerer: Answerer },
): Promise<DemoResult> {
  const uploading = reporter.begin(`Sending ${plan.source.description}`);
  const examples = await persist(() => client.uploadExamples(plan.source.open(), plan.source.contentType)).catch(
    (error: unknown) => {
      uploading.failed('The examples were refused; nothing was kept');
      throw error;
    },
  );
  const labels = Object.keys(examples.labels).length;
  uploading.done(
    `${examples.count.toLocaleString('en')} examples of ${labels} labels (${examples.duplicates} repeated, ${examples.conflicts} contradictory)`,
  );

  const started = await persist(() =>
    client.startWorkflow(
      'program-from-examples',
      {
        project_id: plan.program,
        initial_context: {
          program: plan.program,
          task_description: plan.description,
          examples: examples.digest,
          seed: plan.seed,
        },
      },
      { idempotencyKey: plan.runKey },
    ),
  );
  const execution = await follow(client, started.execution_id, { reporter, answerer });
  const outcome = outcomeSchema.parse(execution.output);

  const inputs = (await persist(() => client.examples(examples.digest))).map(({ input }) => input);
  const served = await serve(client, plan, { inputs, reporter });
  const analytics = await persist(() => client.analytics(plan.program));
  return {
    executionId: started.execution_id,
    examples: { digest: examples.digest, count: examples.count, labels },
    outcome,
    sampleInput: inputs[0] ?? null,
    served,
    analytics,
  };
}

async function serve(
  client: Client,
  plan: DemoPlan,
  { inputs, reporter }: { inputs: readonly Json[]; reporter: Reporter },
): Promise<ServedReport> {
  const edgeUrl = (): Promise<string> =>
    persist(async () => {
      const { edge_url: url } = await client.program(plan.program);
      if (url === null) throw new PlatformError('SERVICE_UNAVAILABLE', 'Cannot reach the edge runtime: it is not running');
      return url;
    });
  const counter = reporter.count('Serving requests', plan.requests);
  try {
    const served = await serveRequests(edgeUrl, {
      program: plan.program,
      inputs,
      count: plan.requests,
      onAnswer: () => counter.advance(1),
    });
    counter.done(`${plan.requests.toLocaleString('en')} requests served and logged`);
    return served;
  } catch (error) {
    counter.failed('The requests were not all served');
    throw error;
  }
}

/** What a person reads while a step of the workflow is under way. */
const STEPS: Readonly<Record<string, string>> = {
  prepare: 'Looking at the examples, keeping a hold-out back',
  program: 'Generating a program from the training part',
  score: 'Evaluating it in the sandbox on the hold-out',
  activate: 'Promoting the version and switching the edge to it',
};

/** Follows an execution to its end by its events, answering what it asks. Throws when it does not complete. */
async function follow(
  client: Client,
  id: string,
  { reporter, answerer }: { reporter: Reporter; answerer: Answerer },
): Promise<ExecutionResponse> {
  let last = 0;
  let step: Step | undefined;
  const handle = async (event: ExecutionEventMessage): Promise<void> => {
    const text = STEPS[event.step_id ?? ''];
    if (event.event_type === 'step_started' && text !== undefined) {
      if (step === undefined) step = reporter.begin(text);
      else step.update(text);
    } else if (event.event_type === 'step_completed' && text !== undefined) {
      step?.done(text);
      step = undefined;
    } else if (event.event_type === 'step_failed') {
      step?.failed(`${text ?? event.step_id ?? ''}: ${detailOf(event)}`);
      step = undefined;
    } else if (event.event_type.startsWith('waiting_')) {
      await answer(client, id, { reporter, answerer, taskId: event.data['task_id'] });
    }
  };
  for (;;) {
    try {
      for await (const event of client.events(id, { after: last })) {
        await handle(event);
        last = event.seq;
      }
      break;
    } catch (error) {
      if (!(error instanceof PlatformError) || error.code !== 'SERVICE_UNAVAILABLE') throw error;
      await delay(100);
    }
  }
  const execution = await persist(() => client.execution(id));
  if (execution.status === 'completed') return execution;
  throw new PlatformError(
    'GENERATION_FAILED',
    `Cannot serve a program: the execution has ${execution.status}: ${execution.error ?? 'no reason given'}`,
  );
}

async function answer(
  client: Client,
  id: string,
  { reporter, answerer, taskId }: { reporter: Reporter; answerer: Answerer; taskId: Json | undefined },
): Promise<void> {
  const { pending_clarification: clarification, pending_acceptance: acceptance } = await persist(() => client.execution(id));
  try {
    if (clarification !== null && clarification.task_id === taskId) {
      const answers = await answerer.clarify(clarification);
      const { task_id, subject_digest } = clarification;
      await persist(() => client.clarify(id, { answers, task_id, subject_digest }, { idempotencyKey: task_id }));
      const summary = Object.entries(answers).map(
        ([question, value]) => `${question} = ${typeof value === 'string' ? value : JSON.stringify(value)}`,
      );
      reporter.begin('Answering the questions').done(`Answered: ${summary.join(', ')}`);
    } else if (acceptance !== null && acceptance.task_id === taskId) {
      const score = scoreText(acceptance.document_preview);
      const decision = await answerer.decide(acceptance, score);
      const { task_id, subject_digest } = acceptance;
      await persist(() => client.accept(id, { ...decision, task_id, subject_digest }, { idempotencyKey: task_id }));
      reporter.begin('Deciding').done(`${decision.accepted ? 'Accepted' : 'Rejected'}: ${score.split('\n')[0] ?? ''}`);
    }
  } catch (error) {
    if (!(error instanceof PlatformError) || error.code !== 'CONFLICT') throw error;
    reporter.warn(error.message);
  }
}

function detailOf({ data }: ExecutionEventMessage): string {
  const error = data['error'];
  const detail = error !== null && typeof error === 'object' && !Array.isArray(error) ? error['detail'] : undefined;
  return typeof detail === 'string' ? detail : 'failed';
}
