import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readConstraints } from './constraint.ts';
import { readIntake } from './read-intake.ts';

/** What a text demands, each as `kind value label`. */
function demandsOf(intake: string): string[] {
  return readConstraints(intake).constraints.map(({ kind, value, label }) =>
    [kind, value, label].filter((part) => part !== null).join(' '),
  );
}

describe('readConstraints', () => {
  for (const [intake, demands] of [
    ['At least 95 % of the mails must be sorted correctly.', ['accuracy 0.95']],
    ['Accuracy: 97.5 percent; answers under 10 ms.', ['accuracy 0.975', 'latency_ms 10']],
    ['No more than 5% errors, within 2 seconds', ['accuracy 0.95', 'latency_ms 2000']],
    [
      'At least 90 % right, recall of "spam" at least 80 %, precision of ham over 99 %',
      ['accuracy 0.9', 'recall 0.8 spam', 'precision 0.99 ham'],
    ],
    [
      'Say "unknown" when it is something else, and it must run offline in less than 1 MB',
      ['size_bytes 1000000', 'unknown_label unknown', 'no_network'],
    ],
    ['Mindestens 90 Prozent richtig, sonst unbekannt', ['accuracy 0.9', 'unknown_label unbekannt']],
    ['Give 20 % discount to 300 % of the users', []],
    ['', []],
  ] as const) {
    it(`reads ${JSON.stringify(intake)}`, () => assert.deepEqual(demandsOf(intake), demands));
  }

  it('lists figures that it does not understand, and quotes what it does', () => {
    const { constraints, unread } = readConstraints('We have 12 teams.\nAt least 95 % right.');
    assert.deepEqual(unread, ['We have 12 teams.']);
    assert.deepEqual(
      constraints.map(({ id, quote }) => [id, quote]),
      [['C-1', 'At least 95 % right.']],
    );
  });

  it('stays quick on a text made to slow it down', () => {
    const { constraints } = readConstraints(`${'at least 9'.repeat(9000)} ${'<'.repeat(9000)}`);
    assert.deepEqual(constraints, []);
  });
});

describe('readIntake', () => {
  const request = { runId: '0ab1-x', intake: null, projectName: null, inputs: { examples: null, holdout: 0.2, seed: 1 } };

  it('asks for all of it when nothing is said', () => {
    const { questions } = readIntake(request);
    assert.deepEqual(
      questions.map(({ id }) => id),
      ['EXAMPLES', 'TASK', 'ACCURACY_TARGET', 'UNKNOWN_LABEL', 'LATENCY_MS', 'WORST_MISSED'],
    );
  });

  it('names the program after the project, or the run', () => {
    const named = (projectName: string | null): string => readIntake({ ...request, projectName }).program;
    assert.deepEqual(
      [named('Ticket Router #1'), named('Größe & Farbe'), named('123'), named('../../etc'), named(null)],
      ['ticket-router-1', 'gro-e-farbe', 'run-0ab1x', 'etc', 'run-0ab1x'],
    );
  });
});
