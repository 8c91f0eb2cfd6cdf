// A bound on how much runs at a time: the rest waits in the order it came.

/** Answers a function that runs what it is given, `most` at a time. What waits is bounded by its callers. */
export function createTurns(most: number): <T>(run: () => Promise<T>) => Promise<T> {
  let running = 0;
  const waiting: (() => void)[] = [];

  return async (run) => {
    if (running < most) running += 1;
    // The turn of whoever finishes goes to the next in line, so `running` stays as it is.
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await run();
    } finally {
      const next = waiting.shift();
      if (next === undefined) running -= 1;
      else next();
    }
  };
}
