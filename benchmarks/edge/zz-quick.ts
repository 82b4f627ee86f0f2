import { load } from '../http/load.ts';
import { programFolder, startSubjects } from './subjects.ts';
import { sampleText } from './text-program.ts';
import { readFileSync } from 'node:fs';
await using stack = new AsyncDisposableStack();
const kinds = (process.argv[2] ?? 'echo,direct,edge,edge-no-jail').split(',') as any;
const seconds = Number(process.argv[3] ?? 3), connections = Number(process.argv[4] ?? 64);
const subjects = await startSubjects(kinds, await programFolder(), stack);
const body = JSON.stringify({ input: { text: sampleText(5) } });
const cpu = (pid:number) => { const f = readFileSync(`/proc/${pid}/stat`,'latin1').split(') ')[1]!.split(' '); return (Number(f[11])+Number(f[12]))*10 };
for (let r = 0; r < Number(process.argv[5] ?? 2); r++) for (const s of subjects) {
  const c0 = cpu(s.child.pid!);
  const f = await load({ name: s.kind, url: `${s.url}/execute`, body }, { connections, seconds });
  const c1 = cpu(s.child.pid!);
  console.log(s.kind.padEnd(14), Math.round(f.perSecond), f.p50, f.p99, 'server cpu us/req', ((c1-c0)*1000/(f.perSecond*seconds+f.perSecond)).toFixed(1));
}
