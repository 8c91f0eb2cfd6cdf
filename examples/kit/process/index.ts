export { onStop, reportReady } from './child.ts';
export { type ChildOptions, type Supervised, supervise } from './supervise.ts';
