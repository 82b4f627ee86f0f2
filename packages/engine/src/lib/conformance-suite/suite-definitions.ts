const ACCEPT = (more = ''): string => `{ call: accept, with: { title: Take it?, doc_type: version, subject: it${more} } }`;

/** What the suite runs, by name: each the text after `document`. */
export const SUITE_DEFINITIONS: Readonly<Record<string, string>> = {
  short: `do: [one: { call: note, with: { id: '\${ .id }' } }, last: { set: { done: '\${ .noted }' } }]`,
  six: `do: [${[0, 1, 2, 3, 4, 5].map((step) => `s${step}: { call: note, with: { id: s${step}, ms: 20 } }`).join(', ')}]`,
  asks: `
do:
  - before: { call: note, with: { id: before } }
  - nap: { if: '\${ $workflow.input.slow == true }', wait: { milliseconds: 150 } }
  - ask:
      call: clarify
      with: { title: About it, questions: [{ id: TARGET, text: 'Which target?', answer_type: number, minimum: 0, maximum: 1 }] }
  - review: ${ACCEPT()}
  - after: { call: note, with: { id: after, value: '\${ { by: .answered_by, accepted: .accepted } }' } }`,
  expires: `
do:
  - ask:
      try: [{ review: ${ACCEPT(', expires_in_ms: 200')} }]
      catch: { errors: { with: { status: 408 } }, do: [{ late: { set: { late: true } } }] }`,
  keeps: `
do:
  - review: ${ACCEPT(', expires_in_ms: 1000')}
  - nap: { wait: { milliseconds: 1100 } }`,
  hangs: `do: [begin: { call: hang, with: { id: '\${ .id }' } }, never: { call: note, with: { id: never } }]`,
  naps: `do: [nap: { wait: { milliseconds: 1000 } }, after: { call: note, with: { id: '\${ $workflow.input.id }' } }]`,
  cutoff: `
do:
  - guarded:
      try: [{ hang: { call: hang, with: { id: '\${ .id }' }, timeout: { after: { milliseconds: 250 } } } }]
      catch: { errors: { with: { status: 408 } }, do: [{ late: { set: { late: true } } }] }`,
  retries: `
do:
  - guarded:
      try: [{ flaky: { call: fail, with: { id: '\${ .id }', times: '\${ .times }' } } }]
      catch:
        errors: { with: { status: 500 } }
        as: problem
        retry: { delay: { milliseconds: 150 }, limit: { attempt: { count: 2 } } }
        do: [{ explain: { set: { failed: '\${ $problem.detail }' } } }]`,
  loops: `
do:
  - all: { for: { in: '\${ .items }', each: item }, do: [{ one: { call: note, with: { id: '\${ "i\\($item)" }', value: '\${ { n: $item, items: [] } }' } } }] }
  - both: { fork: { branches: [{ left: { set: { l: '\${ .n }' } } }, { right: { call: note, with: { id: right, value: r } } }] } }
  - fastest: { fork: { compete: true, branches: [{ slow: { call: hang, with: { id: slow } } }, { quick: { set: { won: '\${ .[1] }' } } }] } }`,
  many: `do: [{ all: { for: { in: '\${ [range(.count)] }', each: n }, do: [{ one: { call: note, with: { id: many, value: '\${ $n }' } } }] } }]`,
  large: `do: [get: { call: text, with: { characters: 1048576 } }, ask: ${ACCEPT()}, last: { set: { size: '\${ $workflow.id | length }' } }]`,
  listens: `
do:
  - paid: { listen: { to: { all: [{ with: { type: paid }, correlate: { order: { from: .data.order, expect: '\${ $workflow.input.order }' } } }, { with: { type: packed } }] } } }
  - last: { set: { got: '\${ . }' } }`,
  parent: `
do:
  - both: { fork: { branches: [{ asked: { run: { workflow: { namespace: suite, name: asks, version: latest } } } }, { note: { call: note, with: { id: beside } } }] } }
  - last: { set: { by: '\${ .[0].by }' } }`,
  guards: `
do:
  - guarded:
      try: [{ part: { run: { workflow: { namespace: suite, name: fails, version: '1.0.0' } } } }]
      catch: { as: problem, do: [{ explain: { set: { failed: '\${ $problem.title }' } } }] }`,
  fails: `do: [stop: { raise: { error: { type: 'https://example.com/no', status: 409, title: No } } }]`,
  hurries: `
do:
  - part: { run: { workflow: { namespace: suite, name: hangs, version: latest } }, timeout: { after: { milliseconds: 1000 } } }`,
  lets: `do: [part: { run: { workflow: { namespace: suite, name: asks, version: latest }, await: false } }]`,
  streams: `
do:
  - each:
      listen: { to: { any: [{ with: { type: line } }], until: { one: { with: { type: end } } } } }
      foreach: { item: line, do: [{ note: { call: note, with: { id: '\${ $line.order }' } } }] }
  - last: { set: { done: true } }`,
  emits: `do: [{ tell: { emit: { event: { with: { source: 'https://example.com/emits', type: packed, data: { order: '\${ .order }' } } } } } }]`,
};
