const documentOf = (name: string, rest: string): string => `
document: { dsl: '1.0.0', namespace: test, name: ${name}, version: '1.2.0'${rest}`;

/** Asks, shows, decides: the shape of every workflow that people take part in. */
const REVIEW = documentOf(
  'review',
  `, title: Review a draft, summary: A draft that people decide on, metadata: { effective_date: '2026-01-31' } }
input:
  schema: { document: { type: object, properties: { text: { type: string } }, required: [text] } }
do:
  - draft: { call: note, with: { value: '\${ { text: .text } }' }, metadata: { role: writer, produces: draft } }
  - ask:
      call: clarify
      with:
        title: About the draft
        questions:
          - { id: TONE, text: 'Which tone?', intent: It decides the words, answer_type: single_choice, choices: [plain, formal], default: plain }
          - { id: LENGTH, text: 'How long?', answer_type: number, minimum: 1, maximum: 9, priority: must }
          - { id: PUBLIC, text: 'Is it public?', answer_type: yes_no, required: false }
      export: { as: '\${ { answers: $output.answers } }' }
  - decide: { call: accept, with: { title: Publish?, doc_type: draft, scope_id: s-1, subject: { text: '\${ $workflow.input.text }' } } }
  - way: { switch: [{ yes: { when: .accepted, then: publish } }, { no: { then: refuse } }] }
  - publish: { call: note, with: { value: { answers: '\${ $context.answers }', comment: '\${ .comment }' } }, then: end }
  - refuse: { raise: { error: { type: 'https://example.com/rejected', status: 409, title: Rejected, detail: '\${ "Document rejected: \\(.comment)" }' } } }`,
);

/** The definitions that every test server has. */
export const DEFINITIONS = {
  review: REVIEW,
  plain: documentOf(
    'plain',
    ` }\ndo: [{ one: { call: note, with: { value: 1 } } }, { two: { call: note, with: { value: { two: 2 } } } }]`,
  ),
  yearly: documentOf(
    'yearly',
    ` }\nschedule: { cron: 'CRON_TZ=Europe/Berlin 0 12 1 1 *' }\ndo: [{ one: { call: note, with: { value: 1 } } }]`,
  ),
  phased: documentOf(
    'phased',
    `, metadata: { profile: { title: Phased, phases: { planning: { agents: [architect] }, qa: {} } } } }
do: [{ planning: { do: [{ plan: { call: note, with: { value: 1 } } }] } }, { qa: { do: [{ check: { call: note, with: { value: 2 } } }] } }]`,
  ),
  hold: documentOf('hold', ` }\ndo: [{ work: { call: hold } }, { last: { call: note, with: { value: done } } }]`),
  early: documentOf(
    'early',
    ` }\ndo: [{ work: { call: hold } }, { decide: { call: accept, with: { title: Go on?, doc_type: work, subject: null } } }]`,
  ),
  broken: documentOf('broken', ` }\ndo: [{ outer: { do: [{ bad: { call: shout, with: { characters: 5, times: 9 } } }] } }]`),
  noisy: documentOf(
    'noisy',
    ` }
do:
  - guarded:
      try: [{ flaky: { call: shout, with: { characters: '\${ .characters }', times: '\${ .times }' } } }]
      catch: { retry: { delay: { milliseconds: 1 }, limit: { attempt: { count: 100 } } } }
  - decide: { call: accept, with: { title: Enough?, doc_type: noise, subject: null } }`,
  ),
} as const;
