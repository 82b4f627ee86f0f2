/** Globals that a program may use and be said to keep nothing; what they are used for is looked at where it could change something. */
export const KNOWN_GLOBALS: ReadonlySet<string> = new Set(
  `undefined NaN Infinity Object Array String Number Boolean BigInt Math JSON Date RegExp Map Set WeakMap WeakSet Intl
  Error TypeError RangeError SyntaxError EvalError ReferenceError URIError AggregateError parseInt parseFloat isNaN isFinite
  encodeURI decodeURI encodeURIComponent decodeURIComponent escape unescape ArrayBuffer DataView
  Uint8Array Int8Array Uint16Array Int16Array Uint32Array Int32Array BigUint64Array BigInt64Array Uint8ClampedArray
  Float16Array Float32Array Float64Array`.split(/\s+/u),
);

/** Members that lead to what all calls share (prototypes, constructors), or that call a function on a value which is not to be seen in the source. */
export const LEADS_OUT: ReadonlySet<string> = new Set(
  `constructor prototype __proto__ call apply bind caller callee __defineGetter__ __defineSetter__ captureStackTrace
  prepareStackTrace stackTraceLimit compile`.split(/\s+/u),
);

/** Static functions that change their first argument. */
export const CHANGES_ARGUMENT: ReadonlySet<string> = new Set(
  'assign defineProperty defineProperties setPrototypeOf freeze seal preventExtensions'.split(' '),
);

const CHANGING_METHODS: ReadonlySet<string> = new Set(
  `push pop shift unshift splice sort reverse fill copyWithin set add delete clear append next return throw getOrInsert
  getOrInsertComputed transfer transferToFixedLength resize grow`.split(/\s+/u),
);

/** Whether a method of this name may change the object that it is called on. */
export function isChangingMethod(name: string): boolean {
  return CHANGING_METHODS.has(name) || CHANGES_ARGUMENT.has(name) || /^set[A-Z]/u.test(name);
}

/** Methods that look at an expression's place in a text, which a global or sticky one keeps. */
export const SEARCHES: ReadonlySet<string> = new Set(['exec', 'test']);

/** Methods whose result is new at each call: whoever changes it changes nothing else. */
export const MAKES_NEW: ReadonlySet<string> = new Set(
  `map filter slice split concat flat flatMap splice with match toSorted toReversed toSpliced toArray matchAll keys values entries
  union intersection difference symmetricDifference`.split(/\s+/u),
);

/** Methods whose result is the object that they are called on. */
export const GIVES_ITSELF: ReadonlySet<string> = new Set(['sort', 'reverse', 'fill', 'copyWithin', 'add', 'set']);

/** Static functions whose result is new at each call. */
export const MAKES_NEW_STATIC: ReadonlySet<string> = new Set(
  `Object.keys Object.values Object.entries Object.fromEntries Object.groupBy Object.create Object.getOwnPropertyNames
  Map.groupBy Array.from Array.of JSON.parse`.split(/\s+/u),
);

/** Methods that give iterators: one that is made when the program is loaded is used up by its calls. */
export const GIVES_ITERATOR: ReadonlySet<string> = new Set(['keys', 'values', 'entries', 'matchAll']);

/** Methods by which the language itself calls a program, where no call is to be seen. */
export const CALLED_UNSEEN: ReadonlySet<string> = new Set(['toString', 'valueOf', 'toJSON']);
