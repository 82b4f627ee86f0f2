import { type BuiltProgram, type Sandbox, buildProgram } from '@loopwright/edge';
import {
  type Json,
  type JsonObject,
  type LabelledExample,
  canonicalJson,
  messageOf,
  toJson,
  wilsonInterval,
} from '@loopwright/protocol';
import { type CheckFinding, finding } from './finding.ts';
import type { PickedExamples } from './pick-examples.ts';

/** How a program answers the labelled examples. */
export interface ExampleReport {
  readonly tested: number;
  readonly right: number;
  /** Share of the tested ones that it answers rightly. */
  readonly accuracy: number;
  readonly heldBack: { readonly tested: number; readonly right: number };
  /** Examples that were not tested, because there are too many. */
  readonly left: number;
  /** What it answers wrongly of what the model was shown, for the model; at most ten. */
  readonly wrong: readonly string[];
  /** Why the program could not be built or had to be stopped; `null` for neither. */
  readonly problem: string | null;
}

const WRONG_SHOWN = 10;
/** Calls that run into the limit of time before the rest is given up: each of them takes seconds. */
const TIMEOUTS_LIMIT = 3;

/** Calls a program with the input of an example; or why it cannot be called at all. */
export type ProgramCaller = ((example: LabelledExample) => Promise<CallResult>) | { readonly problem: string };
type CallResult =
  | { readonly status: 'success'; readonly outputJson: string }
  | { readonly status: 'error' | 'timeout'; readonly message: string };

/** What calls a program of TypeScript in the sandbox. */
export async function callerOf(source: string, parts: { readonly sandbox: () => Promise<Sandbox> }): Promise<ProgramCaller> {
  let program: BuiltProgram;
  try {
    program = await buildProgram(source);
  } catch (error) {
    return { problem: messageOf(error) };
  }
  const sandbox = await parts.sandbox();
  return ({ input }) => sandbox.run({ key: program.digest, code: program.code, state: 'fresh' }, JSON.stringify(input));
}

/**
 * Calls a program with the labelled examples and compares here, where the program cannot reach.
 *
 * @throws the reason of the signal; what the sandbox throws when it has no workers
 */
export async function runExamples(
  caller: ProgramCaller,
  { shown, heldBack, left }: PickedExamples,
  signal: AbortSignal,
): Promise<ExampleReport> {
  const tested = shown.length + heldBack.length;
  const none = { tested, right: 0, accuracy: 0, heldBack: { tested: heldBack.length, right: 0 }, left, wrong: [] };
  if ('problem' in caller) return { ...none, problem: caller.problem };
  const wrong: string[] = [];
  let timeouts = 0;
  const answersRightly = async (example: LabelledExample, isShown: boolean): Promise<boolean> => {
    signal.throwIfAborted();
    const { input, output } = example;
    const result = await caller(example);
    if (result.status === 'timeout') timeouts += 1;
    const isRight = result.status === 'success' && canonicalJson(JSON.parse(result.outputJson) as Json) === canonicalJson(output);
    if (!isRight && isShown && wrong.length < WRONG_SHOWN) {
      const got = result.status === 'success' ? result.outputJson : result.message;
      wrong.push(`run(${cut(JSON.stringify(input))}) has to give ${cut(JSON.stringify(output))} and gives ${cut(got)}`);
    }
    return isRight;
  };
  const count = async (examples: readonly LabelledExample[], isShown: boolean): Promise<number> => {
    let right = 0;
    for (const example of examples) {
      if (timeouts >= TIMEOUTS_LIMIT) break;
      if (await answersRightly(example, isShown)) right += 1;
    }
    return right;
  };
  const rightShown = await count(shown, true);
  const rightHeldBack = await count(heldBack, false);
  const right = rightShown + rightHeldBack;
  return {
    tested,
    right,
    accuracy: tested === 0 ? 1 : right / tested,
    heldBack: { tested: heldBack.length, right: rightHeldBack },
    left,
    wrong,
    problem: timeouts >= TIMEOUTS_LIMIT ? `${timeouts} calls did not end in their time` : null,
  };
}

/** What is wrong with a program that misses the target. The examples that were held back stay unknown: only their number is told. */
export function exampleFindings(report: ExampleReport, target: number): CheckFinding[] {
  if (report.problem !== null) return [finding('tests', `the program cannot be used: ${report.problem}`)];
  if (report.accuracy >= target) return [];
  const shown = report.wrong.map((text) => finding('tests', text));
  const missed = report.heldBack.tested - report.heldBack.right;
  const hidden =
    missed === 0
      ? []
      : [finding('tests', `${missed} of ${report.heldBack.tested} examples that are not shown are answered wrongly`)];
  return [
    ...shown,
    ...hidden,
    finding('tests', `${report.right} of ${report.tested} examples are answered rightly, the target is ${target}`),
  ];
}

/** The report as the wire carries it: `holdout` is about the examples that the model never saw. */
export function exampleMetadata(report: ExampleReport | null): JsonObject {
  if (report === null) return { examples: null, holdout: null };
  const { tested, right, accuracy, left, heldBack } = report;
  const holdout =
    heldBack.tested === 0
      ? null
      : {
          count: heldBack.tested,
          accuracy: heldBack.right / heldBack.tested,
          interval: wilsonInterval(heldBack.right, heldBack.tested),
        };
  return toJson({ examples: { tested, right, accuracy, not_tested: left }, holdout }) as JsonObject;
}

function cut(text: string): string {
  return text.length > 150 ? `${text.slice(0, 150)}…` : text;
}
