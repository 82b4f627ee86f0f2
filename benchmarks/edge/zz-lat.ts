import { summary, timesOf } from './latency.ts';
import { programFolder, startSubjects } from './subjects.ts';
import { sampleText } from './text-program.ts';
await using stack = new AsyncDisposableStack();
const subjects = await startSubjects(['echo','direct','edge','edge-no-jail'], await programFolder(), stack);
const body = JSON.stringify({ input: { text: sampleText(5) } });
for (const callers of [1,10]) { const all = new Map<string, number[]>();
for (let r=0;r<6;r++) for (const s of subjects) { await timesOf(s.url+'/execute', body, {callers, count: 300}); all.set(s.kind,[...(all.get(s.kind)??[]),...await timesOf(s.url+'/execute', body, {callers, count: 1500})]); }
for (const [k,v] of all) { const f=summary(v); console.log(callers,k.padEnd(14), 'mean',f.mean.toFixed(3),'p50',f.p50.toFixed(3),'p99',f.p99.toFixed(3)); } }
