import { buildModules } from '@loopwright/edge';
import type { BuiltProgram } from '@loopwright/edge';
import { TOOL_LIMITS } from './limits.ts';
import type { GrantedTool } from './tool-types.ts';

/**
 * What stands in the sandbox around a program that calls tools. The sandbox has no way out and its calls are synchronous, so a tool is called in two steps: the program runs until it waits for nothing but
 * tools, the call of the sandbox returns what it asks for, and the next call brings the results. A program whose isolate was lost is begun again and given the results that it had, in the order in which it asked.
 */
const RUNTIME = `
const { parse, stringify } = JSON;
const text = String;
const waiting = new Map();
let asked = [];
let history = [];
let count = 0;
let delivered = 0;
let printed = '';
let state = 'new';
let failure = null;
let printedLimit = 0;
const describe = (error) => {
  try {
    return error instanceof Error ? error.name + ': ' + error.message : 'something else was thrown: ' + text(error);
  } catch {
    return 'something that cannot be shown was thrown';
  }
};
export const print = (...values) => {
  const line = values.map((value) => (typeof value === 'string' ? value : stringify(value) ?? text(value))).join(' ') + '\\n';
  if (printed.length <= printedLimit) printed += line.slice(0, printedLimit + 1);
};
globalThis.console = { log: print, info: print, warn: print, error: print, debug: print };
const settle = ({ resolve, reject }, { ok, value, message }) => (ok ? resolve(value) : reject(new Error(message)));
export const call = (server, member, input) => {
  const id = count++;
  const inputJson = stringify(input === undefined ? {} : input) ?? 'null';
  if (id >= ${TOOL_LIMITS.calls}) return Promise.reject(new Error('more than ${TOOL_LIMITS.calls} calls of tools'));
  if (inputJson.length > ${TOOL_LIMITS.argumentBytes}) return Promise.reject(new Error('the arguments have more than ${TOOL_LIMITS.argumentBytes} characters'));
  const promise = new Promise((resolve, reject) => waiting.set(id, { resolve, reject }));
  const known = history[id];
  if (known === undefined) asked.push({ id, server, member, input: inputJson });
  else if (known.call === server + '.' + member + ' ' + inputJson) {
    settle(waiting.get(id), known);
    waiting.delete(id);
  } else waiting.get(id).reject(new Error('the program was begun again and did something else than before'));
  return promise;
};
export const start = (main, order) => {
  if (order.op === 'start') {
    history = order.history;
    delivered = order.delivered;
    printedLimit = order.printedLimit;
    state = 'running';
    main().then(
      () => { state = 'done'; },
      (error) => { state = 'failed'; failure = describe(error); },
    );
    return null;
  }
  if (order.op === 'resume') {
    if (state === 'new') return null;
    for (const result of order.results) {
      delivered += 1;
      const waiter = waiting.get(result.id);
      waiting.delete(result.id);
      if (waiter !== undefined) settle(waiter, result);
    }
    return null;
  }
  const calls = asked;
  asked = [];
  return { state, delivered, calls, printed: printed.slice(0, printedLimit + 1), failure };
};
`;

/**
 * A program of a model with the tools that it may call, for the sandbox. Its code is the body of an asynchronous function.
 *
 * @throws INVALID_PROGRAM for a syntax error or an import
 */
export async function buildToolProgram(code: string, granted: readonly GrantedTool[]): Promise<BuiltProgram> {
  const servers = Map.groupBy(granted, ({ server }) => server);
  const members = [...servers].map(([server, tools]) => {
    const functions = tools.map(({ member }) => `${member}: (input) => call('${server}', '${member}', input)`);
    return `${server}: Object.freeze({ __proto__: null, ${functions.join(', ')} })`;
  });
  const tools = `import { call } from '/runtime.js';\nexport const tools = Object.freeze({ __proto__: null, ${members.join(', ')} });`;
  const program = `import { tools } from '/tools.js';\nimport { print } from '/runtime.js';\nexport const main = async (): Promise<void> => {\n${code}\n};\nvoid [tools, print];`;
  const modules = new Map([
    ['runtime.js', RUNTIME],
    ['tools.js', tools],
    ['program.ts', program],
  ]);
  const entry = `import { start } from '/runtime.js';\nimport { main } from '/program.ts';\nexport const run = (order) => start(main, order);`;
  return buildModules({ modules, entry });
}
