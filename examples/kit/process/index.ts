export { onStop, reportReady } from './child.ts';
export { hasModel, type StandIn, startStandIn } from './stand-in.ts';
export { type ChildOptions, type Supervised, supervise } from './supervise.ts';
