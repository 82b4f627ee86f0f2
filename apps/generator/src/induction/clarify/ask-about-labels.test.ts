import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Json, type LabelledExample, canonicalJson, seededRandom } from '@loopwright/protocol';
import { learnClassification } from '../classification/learn-classification.ts';
import { checkFiles, emit, taskOf } from '../program.suite.ts';
import type { InductionReport } from '../report.ts';
import { messages } from '../synthetic.suite.ts';
import type { Induced, InductionTask } from '../task.ts';

function learn(
  examples: readonly LabelledExample[],
  options: Partial<InductionTask> = {},
): Induced & { report: InductionReport } {
  const result = learnClassification(taskOf(examples, options));
  assert.ok(result.ok && result.report.goal === 'classification', JSON.stringify(result).slice(0, 500));
  return { ...result, report: result.report };
}

/** Messages, and ones that say nothing of their topic. */
function mixed(): LabelledExample[] {
  const random = seededRandom(9);
  const fillers = ['please', 'help', 'me', 'the', 'my', 'is', 'was', 'today', 'again', 'hello', 'thanks', 'with', 'about'];
  const vague = messages(120, 31).map(({ output }) => ({
    input: { text: Array.from({ length: 6 }, () => fillers[Math.floor(random.next() * fillers.length)]).join(' ') },
    output,
  }));
  return [...messages(300, 30), ...vague];
}

describe('questions about labels', () => {
  it('asks about inputs on which the candidates disagree; the answers overrule the model and become tests', async () => {
    const unlabelledInputs: Json[] = messages(60, 32).map(({ input }, at) => ({
      text: `${(input as { text: string }).text} ${['invoice parcel', 'login courier', 'card password', 'hello'][at % 4] ?? ''}`,
    }));
    const examples = messages(150, 30, 0.1);
    const { report } = learn(examples, { unlabelledInputs });
    const { ambiguity } = report;
    assert.equal(ambiguity.compared, 60);
    assert.ok((ambiguity.disagreement ?? 0) > 0 && (ambiguity.disagreement ?? 1) < 1, String(ambiguity.disagreement));
    const [question] = ambiguity.questions;
    assert.ok(question !== undefined && question.why === 'candidates_disagree');
    assert.ok(unlabelledInputs.some((input) => canonicalJson(input) === canonicalJson(question.input)));
    const offered = question.answers.map(({ output }) => output);
    assert.equal(new Set(offered).size, 2);

    const output = (['billing', 'delivery', 'account'] as const).find((label) => !offered.includes(label)) ?? '';
    const again = learn(examples, { unlabelledInputs, clarifications: [{ input: question.input, output }] });
    await using emitted = await emit(again);
    assert.deepEqual(emitted.judge(question.input), { output, confidence: 1, doubtful: false });
    assert.ok(again.cases.some((one) => canonicalJson(one.input) === canonicalJson(question.input) && one.output === output));
    assert.equal(again.report.examples.clarified, 1);
    assert.ok(again.heldOut.every(({ input }) => canonicalJson(input) !== canonicalJson(question.input)));
  });

  it('gives an answer with a label of its own to that input alone, an edge of the tests included', async () => {
    const clarifications = [
      { input: { text: '' }, output: 'nothing' },
      { input: { text: 'my parcel is locked' }, output: 'unsure' },
    ];
    const result = learn(mixed(), { unknownLabel: 'unsure', clarifications });
    await using emitted = await emit(result);
    assert.deepEqual(
      clarifications.map(({ input }) => emitted.answer(input)),
      ['nothing', 'unsure'],
    );
    assert.deepEqual(result.report.labels.slice(-2), ['nothing', 'unsure']);
    await checkFiles(emitted.folder);
    const stray = learnClassification(taskOf(mixed(), { clarifications: [{ input: 'bare', output: 'nothing' }] }));
    assert.equal(stray.ok ? 'ok' : stray.refused.code, 'mixed_kinds');
  });

  it('doubts labels that both candidates contradict', () => {
    const flipped = messages(400, 33).map(({ input, output }, at) => ({ input, output: at % 50 === 0 ? 'delivery' : output }));
    const truth = new Map(messages(400, 33).map(({ input, output }) => [canonicalJson(input), output]));
    const doubted = learn(flipped).report.ambiguity.questions.filter(({ why }) => why === 'label_doubted');
    assert.ok(doubted.length > 0);
    for (const { input, given, answers } of doubted) {
      assert.equal(given, 'delivery');
      assert.equal(answers[0]?.output, truth.get(canonicalJson(input)));
    }
  });
});

describe('abstention', () => {
  it('gives the unknown label below the threshold that was chosen on validation data, and then is as often right as asked for', async () => {
    const result = learn(mixed(), { unknownLabel: 'unsure', precisionTarget: 0.9 });
    const { confidence } = result.report;
    await using emitted = await emit(result);
    assert.equal(confidence.criterion, 'precision_target');
    assert.equal(confidence.met, true);
    assert.ok((confidence.validation.precision ?? 0) >= 0.9);
    const judged = result.heldOut.map(({ input, output: truth }) => {
      const { output, doubtful } = emitted.judge(input);
      return { output, doubtful, truth };
    });
    const answered = judged.filter(({ doubtful }) => !doubtful);
    assert.equal(answered.length / judged.length, confidence.holdout.answered);
    assert.equal(answered.filter(({ output, truth }) => output === truth).length / answered.length, confidence.holdout.precision);
    assert.ok((confidence.holdout.precision ?? 0) > 0.8 && confidence.holdout.answered < 0.95, JSON.stringify(confidence));
    assert.ok(judged.every(({ doubtful, output }) => !doubtful || output === 'unsure'));
  });

  it('is told but not done without an unknown label', async () => {
    const result = learn(mixed());
    await using emitted = await emit(result);
    assert.equal(result.report.confidence.isApplied, false);
    const judged = emitted.judge({ text: 'ᚠᛇᚻ' });
    assert.deepEqual([judged.confidence, judged.doubtful], [0, true]);
    assert.ok(['billing', 'delivery', 'account'].some((label) => label === judged.output));
  });
});
