// A scenario gets a fresh server and answers named figures.
import type { Subject } from './subject.ts';

export type Figures = Readonly<Record<string, number>>;

export interface Scenario {
  readonly name: string;
  /** What the figures are held against: our bound, and Sockudo 5.0.1 on the same kind of machine. */
  readonly goal: string;
  /** Figures that are also taken of the bare server, right after, and shown as a ratio. */
  readonly heldAgainstFloor?: readonly string[];
  /** The server has AI Transport, for channels `ai-…`. */
  readonly withAi?: true;
  run(subject: Subject): Promise<Figures>;
}

/** A scenario that starts what it measures itself. */
export interface OwnScenario {
  readonly name: string;
  readonly goal: string;
  /** Folder for a processor profile. */
  runAlone(profileTo: string | undefined): Promise<Figures>;
}
