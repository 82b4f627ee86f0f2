import assert from 'node:assert/strict';
import { it } from 'node:test';
import { type DiagramNode, parseDiagram } from './parse-diagram.ts';

/** As `mermaidOf` of the engine writes it. */
const MERMAID = `flowchart TD
begin((" "))
task1["ask: clarify"]:::done
task2{"way"}:::running
subgraph task3["each: for each item in #46;items"]
  task4("a")
  task5("out (if #46;x)")
  task3_exit((" "))
  task4 --> task5
  task5 --> task3_exit
end
class task3 waiting
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
task1 --> task2
task2 -->|"back"| task1
task2 -->|"else"| task3
task3 --> task7
task7 --> task11
task11 --> task14
task14 --> finish
finish(((" ")))
begin --> task1
classDef done fill:#d5f0dc
subgraph legend["Legend"]
  legend_done["done"]:::done
end
`;

const shape = ({ title, inside }: DiagramNode): unknown => (inside.length === 0 ? title : [title, inside.map(shape)]);

it('reads tasks in their lists, how they stand, and where they go on', () => {
  const nodes = parseDiagram(MERMAID);
  assert.deepEqual(nodes.map(shape), [
    'ask: clarify',
    'way',
    ['each: for each item in .items', ['a', 'out (if .x)']],
    ['both: the first of', [['left', ['l']], 'right']],
    [
      'guarded: try',
      [
        ['try', ['risky: http']],
        ['catch', ['mend']],
      ],
    ],
    'told',
  ]);
  assert.deepEqual(
    nodes.map(({ state }) => state),
    ['done', 'running', 'waiting', undefined, undefined, undefined],
  );
  assert.deepEqual(nodes[1]?.ways, [
    { to: 'ask: clarify', when: 'back' },
    { to: 'each: for each item in .items', when: 'else' },
  ]);
  assert.deepEqual([nodes[0]?.ways, nodes[2]?.ways, nodes[5]?.ways], [[], [], []]);
  assert.deepEqual([nodes[3]?.isParallel, nodes[2]?.isParallel], [true, false]);
  assert.deepEqual(nodes[4]?.inside[0]?.ways, [{ to: 'catch', when: 'error' }]);
});

it('takes a text that is none', () => {
  assert.deepEqual(parseDiagram(''), []);
  assert.deepEqual(parseDiagram('end\nend\ntask1["x'), []);
});
