import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, it } from 'node:test';
import { canonicalJson, type LabelledExample, PlatformError } from '@loopwright/protocol';
import * as fc from 'fast-check';
import { ExampleStore } from './example-store.ts';
import type { ExampleLimits } from './limits.ts';
import { labelOf, profileExamples } from './profile-examples.ts';
import { type ExampleFormat, readExamples } from './read-examples.ts';
import { splitExamples } from './split-examples.ts';

async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
async function read(text: string | Buffer, format: ExampleFormat = 'jsonl', limits: Partial<ExampleLimits> = {}) {
  const bytes = Buffer.from(text);
  const chunks = Array.from({ length: Math.ceil(bytes.length / 7) }, (_, index) => bytes.subarray(index * 7, index * 7 + 7));
  return collect(readExamples(Readable.from(chunks), { format, limits }));
}
async function faultOf(call: Promise<unknown>): Promise<{ code: string; details: Record<string, unknown>; message: string }> {
  const error = await call.then(
    () => assert.fail('it was accepted'),
    (thrown: unknown) => thrown,
  );
  assert.ok(error instanceof PlatformError, String(error));
  return { code: error.code, details: error.details ?? {}, message: error.message };
}

describe('readExamples (JSON Lines)', () => {
  it('reads input with output or label, a BOM, CRLF and blank lines', async () => {
    const text = '\uFEFF{"input":"ä€😀","output":"x"}\r\n\r\n  \n{"input":{"a":1},"label":null,"id":7}';
    assert.deepEqual(await read(text), [
      { input: 'ä€😀', output: 'x' },
      { input: { a: 1 }, output: null },
    ]);
  });

  it('says which line is wrong and why', async () => {
    const good = '{"input":1,"output":2}\n';
    const bad = await faultOf(read(`${good}\n${good}{"input": 1, "output`));
    assert.equal(bad.code, 'INVALID_EXAMPLES');
    assert.equal(bad.details['line'], 4);
    assert.equal(bad.details['excerpt'], '{"input": 1, "output');
    assert.match(bad.message, /^Cannot read line 4: it is not JSON/);
    assert.equal((await faultOf(read(`${good}[1]`))).details['pointer'], '');
    assert.equal((await faultOf(read('{"output":1}'))).details['pointer'], '/input');
    assert.equal((await faultOf(read('{"input":1}'))).details['pointer'], '/output');
    assert.equal((await faultOf(read('{"input":1,"output":1,"label":2}'))).details['pointer'], '/label');
    assert.equal((await faultOf(read('{"input":{"a":[1e999]},"output":1}'))).details['pointer'], '/input/a/0');
    assert.match(
      (await faultOf(read(`{"output":1,"input":${'['.repeat(5000)}${']'.repeat(5000)}}`))).message,
      /nested too deeply/,
    );
  });

  it('refuses binary data, invalid UTF-8, nothing, long lines and too many examples', async () => {
    assert.match((await faultOf(read('{"input":"a\0b","output":1}'))).message, /NUL/);
    assert.match((await faultOf(read(Buffer.from([0x22, 0xff, 0xfe, 0x22])))).message, /UTF-8/);
    assert.equal((await faultOf(read(''))).code, 'INVALID_EXAMPLES');
    assert.equal((await faultOf(read('\uFEFF\n \n'))).code, 'INVALID_EXAMPLES');
    const long = `{"input":1,"output":1}\n{"input":"${'x'.repeat(200)}","output":1}`;
    assert.deepEqual((await faultOf(read(long, 'jsonl', { lineBytes: 100 }))).details['line'], 2);
    assert.match(
      (await faultOf(read('{"input":1,"output":1}\n'.repeat(4), 'jsonl', { examples: 3 }))).message,
      /more than 3 examples/,
    );
    assert.equal((await read('{"input":1,"output":1}\n'.repeat(3), 'jsonl', { examples: 3 })).length, 3);
  });

  it('refuses 100 MB early, with bounded memory, and leaves the rest unread', async () => {
    const line = Buffer.from(`{"input":"${'x'.repeat(1000)}","output":"y"}\n`.repeat(64));
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 100 * 1024 * 1024; produced += line.length) yield line;
      })(),
      { objectMode: true, highWaterMark: 1 },
    );
    const before = process.memoryUsage().rss;
    let peak = 0;
    const consume = async (): Promise<void> => {
      let count = 0;
      for await (const _ of readExamples(source, { format: 'jsonl', limits: { bytes: 8 * 1024 * 1024 } })) {
        count += 1;
        if (count % 500 === 0) peak = Math.max(peak, process.memoryUsage().rss);
      }
    };
    const fault = await faultOf(consume());
    assert.deepEqual([fault.code, fault.details['limit_bytes']], ['PAYLOAD_TOO_LARGE', 8 * 1024 * 1024]);
    assert.ok(produced < 9 * 1024 * 1024, `${produced} bytes were produced`);
    assert.ok(peak - before < 64 * 1024 * 1024, `${peak - before} bytes more`);
    assert.equal(source.destroyed, false);
    source.destroy();
  });

  it('refuses one endless line at the line limit', async () => {
    let produced = 0;
    const source = Readable.from(
      (function* () {
        for (; produced < 100 * 1024 * 1024; produced += 65_536) yield Buffer.alloc(65_536, 'x');
      })(),
      { objectMode: true, highWaterMark: 1 },
    );
    const fault = await faultOf(collect(readExamples(source, { format: 'jsonl' })));
    assert.match(fault.message, /longer than 1048576 bytes/);
    assert.ok(produced < 2 * 1024 * 1024);
  });
});

describe('readExamples (CSV)', () => {
  it('reads a text column as it is', async () => {
    assert.deepEqual(await read('\uFEFFlabel,text\r\nspam,"WIN, ""now""\r\nor never"\r\n\r\nham,007\r\n', 'csv'), [
      { input: { text: 'WIN, "now"\r\nor never' }, output: 'spam' },
      { input: { text: '007' }, output: 'ham' },
    ]);
  });

  it('converts numbers and booleans of a flat record and keeps the output text', async () => {
    const [first, second] = await read('a,b,c,zip,output\n1.5,TRUE,,007,1\n-2e3,no,x,12345678901234567890,true\n', 'csv');
    assert.deepEqual(first, { input: { a: 1.5, b: true, c: null, zip: '007' }, output: '1' });
    assert.deepEqual(second, { input: { a: -2000, b: 'no', c: 'x', zip: '12345678901234567890' }, output: 'true' });
  });

  it('says which line is wrong and why', async () => {
    assert.match((await faultOf(read('a,b\n1,2\n', 'csv'))).message, /no column "output" or "label"/);
    assert.match((await faultOf(read('a,a,label\n', 'csv'))).message, /twice/);
    assert.match((await faultOf(read('text;label\na;b\n', 'csv'))).message, /separated by semicolons where commas are expected/);
    assert.match((await faultOf(read('text\tlabel\na\tb\n', 'csv'))).message, /separated by tabs/);
    assert.match((await faultOf(read('label\nx\n', 'csv'))).message, /no column for the input/);
    assert.match((await faultOf(read('label,output,a\n', 'csv'))).message, /and a column/);
    assert.equal((await faultOf(read('a,label\n1,x\n2,\n', 'csv'))).details['line'], 3);
    assert.equal((await faultOf(read('a,label\n1,x\n2,y,z\n', 'csv'))).details['line'], 3);
    assert.match((await faultOf(read(`a,label\n"${'x\n'.repeat(200)}`, 'csv', { lineBytes: 100 }))).message, /never closed/);
    assert.match((await faultOf(read('a,label\n1,"x\n', 'csv'))).message, /quote/i);
    assert.match((await faultOf(read('a,label\n1,x\0\n', 'csv'))).message, /line 2: .*NUL/);
    assert.match((await faultOf(read(Buffer.from([0x61, 0x0a, 0xff, 0x0a]), 'csv'))).message, /UTF-8/);
    assert.equal((await faultOf(read('', 'csv'))).code, 'INVALID_EXAMPLES');
    assert.equal((await faultOf(read('a,label\n', 'csv'))).code, 'INVALID_EXAMPLES');
    assert.equal((await faultOf(read('a,label\n1,x\n'.repeat(9), 'csv', { bytes: 50 }))).code, 'PAYLOAD_TOO_LARGE');
  });
});

async function openStore(limits: Partial<ExampleLimits> = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'loopwright-examples-'));
  const store = await ExampleStore.open({ dir, limits });
  return { dir, store, [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }) };
}

describe('ExampleStore', () => {
  it('stores a set once, whatever its spelling, and describes it', async () => {
    await using place = await openStore();
    const put = (text: string) => place.store.put(Readable.from([Buffer.from(text)]), 'jsonl');
    const first = await put(
      '{"input":{"b":1,"a":2},"output":"x"}\n{"input":{"a":2,"b":1},"output":"y"}\n{"input":{"b":1,"a":2},"output":"x"}',
    );
    const second = await put(
      ' {"label":"x","input":{"a":2,"b":1}}\r\n\n{"output":"y","input":{"a":2,"b":1}}\n{"input":{"b":1,"a":2},"output":"x"}\n',
    );
    assert.deepEqual(first, second);
    const { count, labels, kind, duplicates, conflicts } = first;
    assert.deepEqual([count, labels, kind, duplicates, conflicts], [3, { x: 2, y: 1 }, 'tabular', 1, 1]);
    assert.deepEqual(await readdir(place.dir), [`${first.digest}.jsonl`]);
    assert.equal((await readFile(join(place.dir, `${first.digest}.jsonl`))).length, first.bytes);
    assert.deepEqual((await place.store.read(first.digest))[1], { input: { a: 2, b: 1 }, output: 'y' });
    const reopened = await ExampleStore.open({ dir: place.dir });
    assert.deepEqual(await reopened.describe(first.digest), first);
  });

  it('keeps nothing of a set that is refused, and removes what a crash left', async () => {
    await using place = await openStore();
    await assert.rejects(place.store.put(Readable.from([Buffer.from('{"input":1,"output":1}\n{')]), 'jsonl'));
    assert.deepEqual(await readdir(place.dir), []);
    const broken = Readable.from(
      (async function* () {
        yield Buffer.from('a,output\n1,x\n');
        throw new Error('connection lost');
      })(),
    );
    await assert.rejects(place.store.put(broken, 'csv'), /connection lost/);
    await writeFile(join(place.dir, 'left.tmp'), 'x');
    await ExampleStore.open({ dir: place.dir });
    assert.deepEqual(await readdir(place.dir), []);
  });

  it('refuses unknown digests and damaged files', async () => {
    await using place = await openStore();
    await assert.rejects(place.store.read('../secret'), { code: 'EXAMPLES_NOT_FOUND' });
    await assert.rejects(place.store.describe('0'.repeat(64)), { code: 'EXAMPLES_NOT_FOUND' });
    const { digest } = await place.store.put(Readable.from([Buffer.from('{"input":1,"output":1}')]), 'jsonl');
    await appendFile(join(place.dir, `${digest}.jsonl`), '{"input":2,"output":2}\n');
    await assert.rejects(place.store.read(digest), { code: 'STORE_FAILED' });
    await appendFile(join(place.dir, `${digest}.jsonl`), 'garbage');
    await assert.rejects(place.store.read(digest), { code: 'STORE_FAILED' });
  });
});

describe('profileExamples', () => {
  it('tells text, tables and the rest apart', () => {
    const of = (...inputs: LabelledExample['input'][]) => profileExamples(inputs.map((input) => ({ input, output: 1 })));
    assert.equal(of('a', { text: 'b' }).kind, 'text');
    assert.equal(of({ text: 'b', n: 1 }).kind, 'tabular');
    assert.equal(of({ a: [1] }).kind, 'other');
    assert.equal(of('a', { n: 1 }).kind, 'other');
    assert.deepEqual(of('', 'abc', 'ab').text_length, { min: 0, p50: 2, p90: 3, p99: 3, max: 3 });
    assert.deepEqual(of('a', 'b').labels, { 1: 2 });
  });
});

describe('splitExamples', () => {
  const examples = fc.array(
    fc.record({
      input: fc.oneof(fc.nat(40), fc.record({ a: fc.nat(5), b: fc.nat(5) })),
      output: fc.constantFrom('x', 'y', 'z', 1),
    }),
    { maxLength: 120 },
  );
  const options = fc.record({ holdout: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), seed: fc.nat() });

  it('loses nothing, separates equal inputs never, keeps every class, and repeats itself', () => {
    fc.assert(
      fc.property(examples, options, (all, how) => {
        const { train, holdout } = splitExamples(all, how);
        assert.equal(train.length + holdout.length, all.length);
        assert.deepEqual(new Set([...train, ...holdout]), new Set(all));
        const taught = new Set(train.map((example) => canonicalJson(example.input)));
        assert.ok(holdout.every((example) => !taught.has(canonicalJson(example.input))));
        const classes = new Set(train.map((example) => labelOf(example.output)));
        assert.ok(all.every((example) => classes.has(labelOf(example.output))));
        assert.deepEqual(splitExamples(all, how), { train, holdout });
      }),
      { numRuns: 200 },
    );
  });

  it('holds out the share of each class when inputs are distinct', () => {
    const all = Array.from({ length: 1000 }, (_, input) => ({ input, output: input % 10 === 0 ? 'rare' : 'common' }));
    const { holdout } = splitExamples(all, { holdout: 0.2, seed: 7 });
    assert.equal(holdout.length, 200);
    assert.equal(holdout.filter((example) => example.output === 'rare').length, 20);
    assert.notDeepEqual(splitExamples(all, { seed: 8 }).holdout, holdout);
    assert.throws(() => splitExamples(all, { holdout: 1 }), RangeError);
  });
});
