// By itself, for processes that live for one task: the contracts beside it take longer to read than such a task takes.
export { messageOf } from './lib/errors/message-of.ts';
