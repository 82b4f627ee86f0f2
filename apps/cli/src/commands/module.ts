import { resolve } from 'node:path';
import { Command } from 'commander';
import { writeModule } from '../scaffold/write-module.ts';

/** `loopwright module …`: what authors of modules need. `write` writes a result. */
export function moduleCommand(write: (text: string) => void): Command {
  const command = new Command('module').description('Make modules');
  command
    .command('new <name>')
    .description('Make a module that runs and passes its own tests')
    .option('--dir <folder>', 'where it goes (default: a folder of its name)')
    .action((name: string, { dir }: { dir?: string }) => {
      const files = writeModule(name, resolve(dir ?? name));
      write(`Made the module ${name} in ${dir ?? name}:\n${files.map((file) => `  ${file}\n`).join('')}`);
      write('Next: npm install && npm test\n');
    });
  return command;
}
