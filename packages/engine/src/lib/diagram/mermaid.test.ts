import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { type NamedTask, taskListSchema } from '../definition/task.ts';
import { mermaidOf } from './mermaid.ts';
import type { Progress } from './progress.ts';

const tasksOf = (text: string): NamedTask[] => taskListSchema.parse(parse(text));
const diagramOf = (tasks: NamedTask[], progress?: Progress): string => {
  const document = { dsl: '1.0.0', namespace: 'test', name: 'flow', version: '1.0.0' };
  return mermaidOf({ document: { document, do: tasks } }, progress);
};

const EVERY_KIND = tasksOf(`
- ask: { call: clarify }
- way: { switch: [{ back: { when: .again, then: ask } }, { stop: { when: .stop, then: end } }] }
- each:
    for: { each: item, in: .items }
    do: [{ a: { set: { x: 1 } } }, { out: { if: .x, set: {}, then: exit } }, { b: { wait: { hours: 1 } } }]
- both: { fork: { compete: true, branches: [{ left: { do: [{ l: { set: {} } }] } }, { right: { wait: PT1S } }] } }
- guarded: { try: [{ risky: { call: http } }], catch: { do: [{ mend: { raise: { error: { type: x, status: 400 } } } }] } }
- told: { emit: { event: { with: { source: s, type: t } } } }
- heard: { listen: { to: { one: { with: { type: t } } } } }`);

describe('mermaidOf', () => {
  it('draws tasks, ways between them and lists inside them', () => {
    assert.equal(
      diagramOf(EVERY_KIND),
      `flowchart TD
begin((" "))
task1["ask: clarify"]
task2{"way"}
subgraph task3["each: for each item in #46;items"]
  task4("a")
  task5("out (if #46;x)")
  task6(["b"])
  task3_exit((" "))
  task4 --> task5
  task5 --> task3_exit
  task6 --> task3_exit
end
subgraph task7["both: the first of"]
  subgraph task8["left"]
    task9("l")
  end
  task10(["right"])
end
subgraph task11["guarded: try"]
  subgraph task11_try["try"]
    task12["risky: http"]
  end
  subgraph task11_catch["catch"]
    task13[["mend"]]
  end
  task11_try -.->|error| task11_catch
end
task14>"told"]
task15(["heard"])
task1 --> task2
task2 -->|"back"| task1
task2 -->|"stop"| finish
task2 -->|"else"| task3
task3 --> task7
task7 --> task11
task11 --> task14
task14 --> task15
task15 --> finish
finish(((" ")))
begin --> task1
`,
    );
  });

  it('shows how each task stands, with a legend', () => {
    const text = diagramOf(
      tasksOf('[{ one: { set: {} } }, { two: { do: [{ three: { wait: PT1S } }] } }]'),
      new Map([
        ['/do/0/one', 'done'],
        ['/do/1/two', 'waiting'],
        ['/do/1/two/do/0/three', 'waiting'],
      ]),
    );
    assert.match(text, /task1\("one"\):::done\n/);
    assert.match(text, /task3\(\["three"\]\):::waiting\n/);
    assert.match(text, /\nclass task2 waiting\n/);
    for (const status of ['done', 'running', 'waiting', 'failed', 'skipped']) {
      assert.match(text, new RegExp(`\\nclassDef ${status} fill`));
      assert.match(text, new RegExp(`legend_${status}\\["${status}"\\]:::${status}`));
    }
  });

  it('lets no name out of its label', () => {
    const nested = parse('[{ NAME: { do: [{ NAME: { switch: [{ NAME: { then: end } }] } }] } }]') as unknown;
    const hostile = [
      'x"] --> evil["',
      '%%{init: {"securityLevel": "loose"}}%%',
      '<img src=x onerror=alert(1)>',
      'end\nsubgraph evil',
      '`**bold**`',
      '- list',
      '1. list',
      '#quot;',
      'click begin "javascript:alert(1)"',
      '\u202E\u0000',
      '',
      '😀'.repeat(200),
    ];
    for (const name of hostile) {
      const lines = diagramOf(tasksOf(JSON.stringify(nested).replaceAll('"NAME"', JSON.stringify(name)))).split('\n');
      assert.equal(lines.length, 10, name);
      assert.match(lines[2] ?? '', /^subgraph task1\["[^"`<>%{}\\\n]+"\]$/);
      assert.match(lines[3] ?? '', /^ {2}task2\{"[^"`<>%{}\\\n]+"\}$/);
      assert.match(lines[4] ?? '', /^ {2}task2 -->\|"[^"`<>%{}\\\n]+"\| finish$/);
    }
  });
});
