/** Workflows that have something to ask, to wait for and to fail at, so that the requests meet executions in every state. */
export const FUZZ_WORKFLOWS: Readonly<Record<string, string>> = {
  'review.yaml': `
document: { dsl: '1.0.0', namespace: fuzz, name: review, version: '1.0.0' }
do:
  - ask:
      call: clarify
      with: { title: About it, questions: [{ id: TONE, text: 'Which tone?', answer_type: single_choice, choices: [plain, formal] }, { id: LENGTH, text: 'How long?', answer_type: number }] }
  - decide: { call: accept, with: { title: 'Go on?', doc_type: draft, subject: '\${ . }' } }
`,
  'echo.yaml': `
document: { dsl: '1.0.0', namespace: fuzz, name: echo, version: '1.0.0' }
do: [{ say: { set: { said: '\${ $workflow.input }' } } }, { pick: { set: { text: '\${ .said.text }' } } }]
`,
  'hear.yaml': `
document: { dsl: '1.0.0', namespace: fuzz, name: hear, version: '1.0.0' }
do: [{ hear: { listen: { to: { one: { with: { type: order.placed } } } } } }, { rest: { wait: { seconds: 1 } } }]
`,
  'fail.yaml': `
document: { dsl: '1.0.0', namespace: fuzz, name: fail, version: '1.0.0' }
do: [{ bad: { raise: { error: { type: 'https://example.com/bad', status: 418, title: Bad } } } }]
`,
};
