/**
 * The script that every isolate runs before its program. It leaves one function, `(code, input, inParts, isLocked) => text`, which the host
 * calls with a time limit. Its rules:
 *
 * G1. Evaluating the program, calling it, writing its output and writing its error as text all happen inside that one call:
 *     a getter, a Proxy or a `toJSON` that loops is stopped by the same limit.
 * G2. Only a string leaves: `s` and the output as JSON, or `e` and a message.
 * G3. What it uses is captured before the program can change it.
 * G4. Nothing is thrown across: the host would write the error as text outside the limit.
 * G5. A program that is run in parts and returns a function is gone on with by it when its microtasks have run: `f` leaves, and the host calls again.
 * G6. Of a program that keeps nothing, whatever was seen in its source, names that it works out at run time do not lead to a function made of text, or to
 *     what an expression has found last.
 */
export function guestSource(outputLimitChars: number, messageLimitChars: number): string {
  return `(() => {
  'use strict';
  const { parse, stringify } = JSON;
  const { apply, defineProperty, getOwnPropertyDescriptor, getPrototypeOf, ownKeys } = Reflect;
  const { slice } = String.prototype;
  const text = String;
  const compile = Function;
  const PromiseClass = Promise;
  const keep = new Set(['Object', 'Function', 'Array', 'Number', 'parseFloat', 'parseInt', 'Infinity', 'NaN', 'undefined', 'Boolean',
    'String', 'Symbol', 'Date', 'Promise', 'RegExp', 'Error', 'AggregateError', 'EvalError', 'RangeError', 'ReferenceError', 'SyntaxError',
    'TypeError', 'URIError', 'SuppressedError', 'globalThis', 'JSON', 'Math', 'Intl', 'ArrayBuffer', 'Uint8Array', 'Int8Array',
    'Uint16Array', 'Int16Array', 'Uint32Array', 'Int32Array', 'BigUint64Array', 'BigInt64Array', 'Uint8ClampedArray', 'Float16Array',
    'Float32Array', 'Float64Array', 'DataView', 'Map', 'BigInt', 'Set', 'Iterator', 'WeakMap', 'WeakSet', 'WeakRef', 'Proxy', 'Reflect',
    'FinalizationRegistry', 'decodeURI', 'decodeURIComponent', 'encodeURI', 'encodeURIComponent', 'escape', 'unescape', 'eval', 'isFinite',
    'isNaN']);
  for (const name of ownKeys(globalThis)) if (!keep.has(name)) delete globalThis[name];
  let program;
  let rest;
  const describe = (error) => {
    let message = 'The program threw a value that cannot be shown';
    try {
      if (error !== null && typeof error === 'object' && typeof error.message === 'string') {
        message = (typeof error.name === 'string' ? error.name : 'Error') + ': ' + error.message;
      } else message = 'The program threw ' + text(error);
    } catch {}
    return message;
  };
  const lock = () => {
    for (const made of [function () {}, function* () {}, async function () {}, async function* () {}]) {
      defineProperty(getPrototypeOf(made), 'constructor', { value: undefined });
    }
    for (const name of ownKeys(RegExp)) {
      if (typeof name === 'string' && getOwnPropertyDescriptor(RegExp, name).get !== undefined) delete RegExp[name];
    }
  };
  const produce = (code, input, inParts, isLocked) => {
    if (program === undefined) {
      if (isLocked) lock();
      const loaded = compile(code)();
      if (typeof loaded !== 'function') return 'eThe program exports no function "run"';
      program = loaded;
    }
    const next = rest;
    rest = undefined;
    const value = next === undefined ? program(parse(input)) : next();
    if (inParts && typeof value === 'function') {
      rest = value;
      return 'f';
    }
    if (value instanceof PromiseClass || (value !== null && typeof value === 'object' && typeof value.then === 'function')) {
      return 'eThe program returned a promise: a program must be synchronous';
    }
    const output = stringify(value);
    if (typeof output !== 'string') return 'eThe program returned a value that is not JSON: ' + typeof value;
    if (output.length > ${outputLimitChars}) return 'eThe output has more than ${outputLimitChars} characters';
    return 's' + output;
  };
  return (code, input, inParts, isLocked) => {
    try {
      return produce(code, input, inParts, isLocked);
    } catch (error) {
      rest = undefined;
      try {
        return 'e' + apply(slice, describe(error), [0, ${messageLimitChars}]);
      } catch {
        return 'eThe program failed';
      }
    }
  };
})()`;
}
