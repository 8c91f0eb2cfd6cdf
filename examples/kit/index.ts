export {
  type ExampleOptions,
  type ExampleParts,
  type RunningExample,
  startExample,
} from './start-example.ts';
